import { Reader } from 'protobufjs/minimal';
import { StorageFailure } from '../../common/storage-failure';
import { type HttpAnswer, HttpFailure } from '../../net/http';
import { BYTES, tag, VARINT, wireTypeOf } from '../protobuf-field';

/** Statuses after which the same request may succeed. Source: OTLP specification, "Retryable Response Codes". */
const PASSING = new Set([429, 502, 503, 504]);
/** Statuses caused by the content of the request: the receiver may accept other requests. */
const ABOUT_THE_REQUEST = new Set([400, 413, 422]);

/** Why a request was refused. */
export interface Refusal {
  failure: StorageFailure;
  /** Whether the receiver may accept other requests. */
  others: boolean;
}

/** Classifies a failed request by the rules of OTLP, which retries fewer statuses than HTTP allows. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof StorageFailure)) throw error;
  if (!(error instanceof HttpFailure)) return { failure: error, others: false };
  const { status } = error.answer;
  const failure = new StorageFailure(legible(error.message), {
    retryable: PASSING.has(status),
    retryAfter: error.retryAfter,
    cause: error,
  });
  return { failure, others: ABOUT_THE_REQUEST.has(status) };
}

/** The receiver accepted a request, but rejected some points or sent a warning. */
export interface PartialSuccess {
  /** Data points that it rejected; undefined if the answer cannot be read. */
  rejected: number | undefined;
  message: string;
}

/**
 * Reads the answer to a request that was accepted.
 *
 * @param contentType of the request; assumed for the answer if that does not name one
 * @returns undefined if everything was accepted without a warning
 */
export function partialSuccessOf({ headers, body }: HttpAnswer, contentType: string): PartialSuccess | undefined {
  const type = String(headers['content-type'] ?? contentType);
  const read = /json/.test(type) ? readJson : /protobuf/.test(type) ? readProtobuf : undefined;
  if (read === undefined || body === '') return undefined;
  try {
    const answer = read(body);
    return answer.rejected === 0 && answer.message === '' ? undefined : answer;
  } catch {
    return { rejected: undefined, message: legible(body) };
  }
}

function readJson(body: string): PartialSuccess {
  const { partialSuccess } = JSON.parse(body) as {
    partialSuccess?: { rejectedDataPoints?: string | number; errorMessage?: string };
  };
  const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0);
  if (!Number.isInteger(rejected)) throw new TypeError('rejectedDataPoints is not an integer');
  return { rejected, message: legible(String(partialSuccess?.errorMessage ?? '')) };
}

const PARTIAL_SUCCESS = tag(1, BYTES);
const REJECTED = tag(1, VARINT);
const MESSAGE = tag(2, BYTES);

/**
 *     ExportMetricsServiceResponse   1 ExportMetricsPartialSuccess
 *     ExportMetricsPartialSuccess    1 int64 rejected_data_points, 2 string error_message
 *
 * The HTTP client decodes answers as UTF-8, which destroys numbers and lengths from 128 on. If the lengths do not fit
 * for that reason, the printable part of the whole message is shown.
 */
function readProtobuf(body: string): PartialSuccess {
  const reader = Reader.create(Buffer.from(body));
  const answer = { rejected: 0, message: '' };
  while (reader.pos < reader.len) {
    const field = reader.uint32();
    if (field !== PARTIAL_SUCCESS) {
      reader.skipType(wireTypeOf(field));
      continue;
    }
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) {
      const inner = reader.uint32();
      if (inner === REJECTED) answer.rejected = Number(String(reader.int64()));
      else if (inner === MESSAGE) answer.message = legible(reader.string());
      else reader.skipType(wireTypeOf(inner));
    }
    if (reader.pos !== end) throw new RangeError('a length does not match the data');
  }
  return answer;
}

/** Removes characters that cannot be shown: answers can be binary. */
function legible(text: string): string {
  return text.replace(/[\s\p{Cc}\ufffd]+/gu, ' ').trim();
}
