/** An operator asks for a publication by a number in the registry, and a run answers by writing down which number it has seen. */
import { seconds } from './lease.ts';
import type { PublicationStore } from './ports.ts';
import type { PublicationAnswer } from './publication.ts';
import type { PublicationOutcome } from './publish.ts';

export type RequestPorts = {
  readonly publications: Pick<PublicationStore, 'requested' | 'answer' | 'answered'>;
  readonly now: () => Date;
};

/**
 * Runs, and tells whoever asked before it began what came of it. Numbers and not times: the clocks of an operator and of a
 * function differ. Nothing is written where nobody asked.
 */
export async function answeringRequests(
  domain: string,
  run: () => Promise<PublicationOutcome>,
  { publications, now }: RequestPorts,
): Promise<PublicationOutcome> {
  const request = await publications.requested(domain);
  if (!isOpen(request, await publications.answer(domain))) return run();
  const tell = (outcome: PublicationAnswer['outcome'], reasons: readonly string[] = []) =>
    publications.answered(domain, { request, outcome, at: seconds(now()), reasons });
  await tell('begun');
  try {
    const ended = await run();
    await tell(ended.outcome, ended.outcome === 'failed' ? ended.attempt.reasons : []);
    return ended;
  } catch (fault) {
    // The fault is to be told, not that of telling it.
    await tell('fault', [faultLine(fault)]).catch(() => undefined);
    throw fault;
  }
}

/** A run that died left `begun` behind, and one that could not do its work `fault`: the next one is the answer. */
const isOpen = (request: number, answer: PublicationAnswer | undefined): boolean =>
  request > (answer?.request ?? 0) || answer?.outcome === 'begun' || answer?.outcome === 'fault';

function faultLine(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  return fault.cause instanceof Error ? `${fault.message}: ${fault.cause.message}` : fault.message;
}
