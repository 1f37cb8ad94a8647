/** A call to an endpoint: the request, the tenant it addresses, the record that is logged at its end. */
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { RequestRecord } from './audit.ts';
import type { Server, TenantSnapshot } from './ports.ts';

export type Call = {
  readonly request: HttpRequest;
  readonly snapshot: TenantSnapshot;
  readonly record: RequestRecord;
  readonly at: Date;
  /** The same moment in milliseconds of a monotonic clock: what the request may wait for others counts from here. */
  readonly began?: number;
};

export type Endpoint = (call: Call, server: Server) => Promise<HttpResponse> | HttpResponse;
