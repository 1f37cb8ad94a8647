/** What an operator can set for a truststore entry: for what its key issued, or for the paths that go through it. */
import type { StoredEntry } from '../oauth/ports.ts';
import type { EntryPolicy } from '../pki/path/truststore.ts';
import type { StatusOverride } from '../status/policy.ts';
import { type Setting, type SettingTexts, setting, withMember } from './setting.ts';
import { statusForms } from './status-forms.ts';
import { tenantSettings } from './tenant-settings.ts';
import { addressForm, certificateForm, flagForm, type ValueForm, wordForm } from './value-form.ts';

type Texts = SettingTexts & { readonly fallback: string };

const orAbsent = <O extends object>(members: O): O | undefined =>
  Object.keys(members).length === 0 ? undefined : members;

/** A member of what the entry says about the status of certificates. */
function status<K extends keyof StatusOverride>(
  member: K,
  form: ValueForm<NonNullable<StatusOverride[K]>>,
  texts: Texts,
): Setting<StoredEntry> {
  const change = (entry: StoredEntry, value: StatusOverride[K] | undefined): StoredEntry =>
    withMember(entry, 'status', orAbsent(withMember<StatusOverride, K>(entry.status ?? {}, member, value)));
  return setting<StoredEntry, NonNullable<StatusOverride[K]>>({
    ...texts,
    form,
    read: (entry) => entry.status?.[member] ?? undefined,
    write: change,
    unset: (entry) => change(entry, undefined),
  });
}

/** A member of what the entry demands of paths. */
function path<K extends keyof EntryPolicy>(
  member: K,
  form: ValueForm<NonNullable<EntryPolicy[K]>>,
  texts: Texts,
): Setting<StoredEntry> {
  const change = (entry: StoredEntry, value: EntryPolicy[K] | undefined): StoredEntry =>
    withMember(entry, 'policy', orAbsent(withMember<EntryPolicy, K>(entry.policy ?? {}, member, value)));
  return setting<StoredEntry, NonNullable<EntryPolicy[K]>>({
    ...texts,
    form,
    read: (entry) => entry.policy?.[member] ?? undefined,
    write: change,
    unset: (entry) => change(entry, undefined),
  });
}

const inherited = "the tenant's";
const shared = (name: string, meaning: string): Texts => ({
  name,
  meaning,
  cautions: tenantSettings.find((each) => each.name === name)?.cautions ?? {},
  fallback: inherited,
  reason: 'one policy for all CAs is easiest to understand',
});

/** `check` is the absence of the member. */
const revocationForm: ValueForm<'none' | 'check'> = wordForm('none', 'check');

const revocation: Setting<StoredEntry> = setting<StoredEntry, 'none' | 'check'>({
  name: 'revocation',
  meaning: '`none`: the CA runs no status service, and what it issued is not asked about',
  fallback: 'check',
  reason: 'a certificate that names no source is refused until the operator says that there is none',
  cautions: { none: 'what this CA issued is used although it may be revoked; block it here if it is lost' },
  form: revocationForm,
  read: (entry) => entry.status?.revocation ?? 'check',
  write: (entry, value) => withRevocation(entry, value === 'none' ? value : undefined),
  unset: (entry) => withRevocation(entry, undefined),
});

const withRevocation = (entry: StoredEntry, value: 'none' | undefined): StoredEntry =>
  withMember(
    entry,
    'status',
    orAbsent(withMember<StatusOverride, 'revocation'>(entry.status ?? {}, 'revocation', value)),
  );

export const entrySettings: readonly Setting<StoredEntry>[] = [
  status('mode', statusForms.mode, shared('mode', 'as for the tenant, for every certificate below this CA')),
  status('order', statusForms.order, shared('order', 'as for the tenant')),
  status('depth', statusForms.depth, shared('depth', 'as for the tenant')),
  status('maxStatusAge', statusForms.maxStatusAge, shared('max_status_age', 'as for the tenant')),
  status('nonce', statusForms.nonce, shared('nonce', 'as for the tenant')),
  status(
    'certIdHash',
    statusForms.certIdHash,
    shared('cert_id_hash', 'as for the tenant, for what this CA itself issued'),
  ),
  status('ocspMethod', statusForms.ocspMethod, shared('ocsp_method', 'as for the tenant')),
  status('shortLived', statusForms.shortLived, shared('short_lived', 'as for the tenant')),
  status('negativeAge', statusForms.negativeAge, shared('negative_age', 'as for the tenant')),
  status('responderUrl', addressForm, {
    name: 'responder_url',
    meaning: 'the OCSP responder that is asked about what this CA issued, in place of those named in the certificates',
    fallback: 'as the certificates say',
    reason: 'the CA knows best where its responder is',
  }),
  status('responderCertificate', certificateForm, {
    name: 'responder_certificate',
    meaning: 'RFC 6960 §4.2.2.2: a certificate whose key signs OCSP answers without being issued by this CA',
    fallback: 'none',
    reason: 'only the CA and whom it delegated speak for its certificates',
  }),
  status('crlUrl', addressForm, {
    name: 'crl_url',
    meaning: 'the CRL of what this CA issued, in place of the distribution points named in the certificates',
    fallback: 'as the certificates say',
    reason: 'the CA knows best where its CRL is',
  }),
  revocation,
  path('extendedKeyUsage', wordForm('required-if-present', 'required', 'allow-server-auth-only'), {
    name: 'extended_key_usage',
    meaning:
      'RFC 5280 §4.2.1.12: clientAuth where there is an extendedKeyUsage, always, or serverAuth will do (public CAs stopped issuing clientAuth in 2026)',
    fallback: 'required-if-present',
    reason: 'a certificate that says what it is for is taken at its word',
    cautions: {
      'allow-server-auth-only':
        'every holder of a web server certificate of this CA passes; match clients by exact names',
    },
  }),
  path('partialChain', flagForm, {
    name: 'partial_chain',
    meaning: 'RFC 4158: paths may end at this intermediate as at an anchor',
    fallback: 'false',
    reason: 'an intermediate becomes an anchor by decision, never by accident',
    cautions: { true: 'API Gateway still wants the whole chain up to a root in its truststore' },
  }),
  path('constraints', wordForm('enforce', 'ignore'), {
    name: 'constraints',
    meaning:
      "RFC 5937: whether name constraints, policies and path length in the anchor's own certificate bind its paths",
    fallback: 'enforce',
    reason: 'a constraint that somebody wrote into a CA certificate is meant',
    cautions: { ignore: 'this CA may issue any name' },
  }),
];
