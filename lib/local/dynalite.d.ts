/** The part of dynalite 4 that the embedded store uses; the package has no types of its own. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  type Options = {
    /** Directory of the LevelDB store; in memory without it. */
    readonly path?: string;
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  };

  /** Closing the server closes the store. */
  export default function dynalite(options?: Options): Server;
}
