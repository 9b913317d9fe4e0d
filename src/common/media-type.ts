/** What answers and requests in JSON are called. JSON has one encoding, UTF-8, so none is named. */
export const JSON_TYPE = 'application/json';
