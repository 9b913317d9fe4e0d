/** What the demo's processes tell one another. */

export interface ServiceReady {
  serviceUrl: string;
  metricsUrl: string;
}

/** From the load generator, a few times a second and once more, with `done`, when everything it sent is answered. */
export interface LoadProgress {
  answered: number;
  failed: number;
  done: boolean;
}

/** The routes that the load generator asks for; nobody else does. */
export const LOAD_ROUTES = ['/', '/items', '/orders'] as const;
