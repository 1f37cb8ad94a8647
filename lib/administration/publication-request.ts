/**
 * A publication that an operator asks for, and waits for. The registry is all that is needed: a row starts the publisher, by
 * the stream or by the clock, and the publisher answers in another one.
 */
import type { AuditStore, TenantStore } from '../oauth/ports.ts';
import type { PublicationStore } from '../publication/ports.ts';
import type { PublicationAnswer } from '../publication/publication.ts';
import { ok } from '../result.ts';
import { type Operator, type Refusable, recorded, registeredTenant } from './change.ts';
import { mutualTlsDomain } from './publication-status.ts';

export type PublicationRequest = {
  /** The custom domain name. */
  readonly domain: string;
  /** A run that has seen this number, or a later one, has seen what the registry held when it was asked for. */
  readonly request: number;
};

export type PublicationRequestPorts = {
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly publications: Pick<PublicationStore, 'request'>;
  readonly audit: Pick<AuditStore, 'change'>;
};

/** Asks for a publication of the domain name that the tenant's mutual TLS host is. */
export async function requestPublication(
  name: string,
  operator: Operator,
  ports: PublicationRequestPorts,
): Promise<Refusable<PublicationRequest>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const domain = mutualTlsDomain(tenant.value);
  const change = { action: 'truststore.publish', subject: domain };
  const request = await recorded(name, operator, change, ports, () => ports.publications.request(domain));
  return ok({ domain, request });
}

export type Patience = {
  /** Milliseconds between two looks. */
  readonly every: number;
  /** Milliseconds after which it is not waited for any longer. */
  readonly limit: number;
};

export type AwaitPorts = {
  readonly publications: Pick<PublicationStore, 'answer'>;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told once of each thing that is not the end: that a run has begun, that one could not do its work. */
  readonly progress: (answer: PublicationAnswer) => void;
};

/** `late`: no run has come to an end in time, and this is the last that was heard; undefined where no run had begun. */
export type AwaitedPublication =
  | { readonly late: false; readonly answer: PublicationAnswer }
  | { readonly late: true; readonly answer?: PublicationAnswer };

/** Waits for the run that answers the request, or for the limit. Of two operators, each gets the answer that covers both. */
export async function awaitPublication(
  { domain, request }: PublicationRequest,
  { every, limit }: Patience,
  { publications, now, wait, progress }: AwaitPorts,
): Promise<AwaitedPublication> {
  const end = now().getTime() + limit;
  let heard: PublicationAnswer | undefined;
  for (;;) {
    const found = answering(request, await publications.answer(domain));
    if (found !== undefined && !isUnderWay(found)) return { late: false, answer: found };
    if (found !== undefined && isNews(found, heard)) {
      progress(found);
      heard = found;
    }
    const left = end - now().getTime();
    if (left <= 0) return { late: true, ...(heard && { answer: heard }) };
    await wait(Math.min(every, left));
  }
}

const answering = (request: number, answer: PublicationAnswer | undefined): PublicationAnswer | undefined =>
  answer !== undefined && answer.request >= request ? answer : undefined;

const isUnderWay = ({ outcome }: PublicationAnswer): boolean => outcome === 'begun' || outcome === 'fault';

/** That the next run has begun is none after a fault, and neither is the same fault of it. */
const isNews = (found: PublicationAnswer, heard: PublicationAnswer | undefined): boolean =>
  heard === undefined || (found.outcome === 'fault' && found.reasons.join() !== heard.reasons.join());
