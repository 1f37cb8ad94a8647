/** Published truststores in memory, for tests: they behave as the registry table does. */
import type { PublicationStore } from '../../publication/ports.ts';
import type { Publication, PublicationAttempt } from '../../publication/publication.ts';

export function memoryPublicationStore(): PublicationStore {
  const publications = new Map<string, Publication>();
  const failures = new Map<string, PublicationAttempt>();
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
  };
}
