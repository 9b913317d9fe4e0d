import { messageOf, RingmeterError } from '../common/errors';

/**
 * Memory that all threads see.
 *
 * @param option name of the option that decides the size, for the error message
 * @throws RingmeterError RINGMETER_OUT_OF_MEMORY if the system cannot allocate it
 */
export function sharedMemory(bytes: number, option: string): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'undefined')
    throw new RingmeterError(
      'RINGMETER_OUT_OF_MEMORY',
      'this environment has no SharedArrayBuffer, which recording needs: start node without the flag or code that removes it',
    );
  try {
    return new SharedArrayBuffer(bytes);
  } catch (error) {
    throw new RingmeterError(
      'RINGMETER_OUT_OF_MEMORY',
      `the system refused ${bytes} bytes of address space: lower ${option}, or raise the limit of the process (ulimit -v) (${messageOf(error)})`,
      { cause: error },
    );
  }
}
