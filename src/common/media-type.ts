/** Content type of JSON. It has no charset parameter, since JSON is always UTF-8. */
export const JSON_TYPE = 'application/json';
