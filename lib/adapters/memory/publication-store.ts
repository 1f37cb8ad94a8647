/** Published truststores in memory, for tests: they behave as the registry table does. */
import type { PublicationStore } from '../../publication/ports.ts';
import type { Publication, PublicationAnswer, PublicationAttempt } from '../../publication/publication.ts';

export function memoryPublicationStore(): PublicationStore {
  const publications = new Map<string, Publication>();
  const failures = new Map<string, PublicationAttempt>();
  const requests = new Map<string, number>();
  const answers = new Map<string, PublicationAnswer>();
  return {
    async current(domain) {
      return structuredClone(publications.get(domain));
    },
    async failure(domain) {
      return structuredClone(failures.get(domain));
    },
    async published(publication) {
      publications.set(publication.domain, structuredClone(publication));
      failures.delete(publication.domain);
    },
    async failed(attempt) {
      failures.set(attempt.domain, structuredClone(attempt));
    },
    async request(domain) {
      const number = (requests.get(domain) ?? 0) + 1;
      requests.set(domain, number);
      return number;
    },
    async requested(domain) {
      return requests.get(domain) ?? 0;
    },
    async answer(domain) {
      return structuredClone(answers.get(domain));
    },
    async answered(domain, answer) {
      answers.set(domain, structuredClone(answer));
    },
  };
}
