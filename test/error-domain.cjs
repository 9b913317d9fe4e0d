// Tap finds the subtest whose asynchronous work has thrown by async hooks: a call for each promise that begins and that is
// collected, a third of the processor time of tests which await much. Here such an error fails the subtest that began last
// and has not ended. That is the same one, unless subtests run at the same time.
const { executionAsyncResource } = require('node:async_hooks');
const Module = require('node:module');

/** Those that have not been destroyed, in the order in which they were made. */
const domains = [];

/** What tap uses of the package `async-hook-domain`. */
class Domain {
  constructor(onerror) {
    this.onerror = onerror;
    // tap makes the domain of a subtest in a resource that knows the subtest; one more is for what no subtest gets
    this.subtest = executionAsyncResource().test;
    domains.push(this);
    if (domains.length === 1) process.on('uncaughtExceptionMonitor', hand);
  }

  destroy() {
    const index = domains.indexOf(this);
    if (index === -1) return;
    domains.splice(index, 1);
    if (domains.length === 0) process.off('uncaughtExceptionMonitor', hand);
  }
}

/** Hands an error that nobody has caught, or a rejection, to a domain. A test that listens to such errors gets it itself. */
function hand(error, origin) {
  if (process.hasUncaughtExceptionCaptureCallback() || process.listenerCount('uncaughtException') > 0) return;
  const domain = domains.findLast(({ subtest }) => subtest?.started) ?? domains[0];
  domain.onerror(error, origin);
  // it has been dealt with: node would end the process
  process.setUncaughtExceptionCaptureCallback(() => process.setUncaughtExceptionCaptureCallback(null));
}

/** From now on, whoever loads `async-hook-domain` gets this. */
function useErrorDomain() {
  const path = require.resolve('async-hook-domain');
  const replacement = new Module(path);
  Object.assign(replacement, { filename: path, loaded: true, exports: { Domain } });
  Module._cache[path] = replacement;
}

module.exports = { useErrorDomain };
