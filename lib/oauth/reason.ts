/** The one vocabulary of reasons: log, audit, introspection verdict and explanation all use these words. */
import type { PathReason } from '../pki/reason.ts';
import type { StatusReason } from '../status/reason.ts';

export type ConnectionReason = 'no_certificate';
export type TokenReason =
  | 'token_unknown'
  | 'token_expired'
  | 'token_revoked'
  | 'token_not_bound'
  | 'audience_not_allowed'
  | 'scope_insufficient';
export type ClientReason =
  | 'client_unknown'
  | 'client_disabled'
  | 'method_mismatch'
  | 'assertion_invalid'
  | 'assertion_replayed'
  | 'no_signing_key';
export type BindingReason =
  | 'certificate_mismatch'
  | 'subject_mismatch'
  | 'san_mismatch'
  | 'ca_not_allowed'
  | 'not_registered'
  | 'certificate_not_active_yet'
  | 'certificate_retired';

/** In the order of evaluation; the first step that fails is the reason. */
export type Reason = ConnectionReason | PathReason | StatusReason | ClientReason | BindingReason | TokenReason;
