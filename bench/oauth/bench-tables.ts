/** The names of our tables in a benchmark. */
export const benchTables = { registryTable: 'registry', grantsTable: 'grants' } as const;
