/** The verdict of a check: a value, or a failure that carries its evidence. Verdicts are returned, never thrown. */
export type Result<T, F> = Ok<T> | Failed<F>;

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Failed<F> = { readonly ok: false; readonly failure: F };

export const ok = <const T>(value: T): Ok<T> => ({ ok: true, value });
export const fail = <const F>(failure: F): Failed<F> => ({ ok: false, failure });
