/** What an operator can set for a tenant: the one table that parsing, printing, `--help` and docs/policies.md read. */
import { newTenant, type Tenant } from '../oauth/tenant.ts';
import { defaultStatusPolicy, type StatusPolicy } from '../status/policy.ts';
import { type Setting, type SettingTexts, setting, withMember } from './setting.ts';
import { statusForms } from './status-forms.ts';
import {
  assuranceForm,
  flagForm,
  grantTypesForm,
  hostsForm,
  resourceForm,
  scopesForm,
  secondsForm,
  type ValueForm,
  wordForm,
} from './value-form.ts';

type StatusMember = Exclude<keyof StatusPolicy, 'overrides' | 'hosts'>;

/** A member of `status_policy`; `implied` is what holds where an optional one is absent. */
function status<K extends StatusMember>(
  member: K,
  form: ValueForm<NonNullable<StatusPolicy[K]>>,
  texts: SettingTexts & { readonly implied?: string },
): Setting<Tenant> {
  const fallback = defaultStatusPolicy[member];
  const change = (tenant: Tenant, value: StatusPolicy[K] | undefined): Tenant => ({
    ...tenant,
    status_policy: withMember(tenant.status_policy, member, value),
  });
  return setting<Tenant, NonNullable<StatusPolicy[K]>>({
    ...texts,
    form,
    fallback: texts.implied ?? (fallback === undefined ? '' : form.print(fallback)),
    read: ({ status_policy }) => status_policy[member] ?? undefined,
    write: change,
    unset: (tenant) => change(tenant, fallback),
  });
}

const withHosts = (tenant: Tenant, value: readonly string[]): Tenant => ({
  ...tenant,
  status_policy: withMember(tenant.status_policy, 'hosts', value.length === 0 ? undefined : value),
});

const hosts: Setting<Tenant> = setting<Tenant, readonly string[]>({
  name: 'hosts',
  form: hostsForm,
  fallback: 'any',
  meaning: 'which hosts named in certificates may be asked; addresses set for an entry are always asked',
  reason: 'public CAs move their responders; private addresses are refused in any case',
  read: ({ status_policy }) => status_policy.hosts,
  write: withHosts,
  unset: (tenant) => withHosts(tenant, []),
});

type OwnMember = Exclude<keyof Tenant, 'name' | 'issuer' | 'mtls_base_uri' | 'status_policy'>;

/** A member of the tenant itself; `told` says a default that differs from tenant to tenant. */
function own<K extends OwnMember>(
  member: K,
  form: ValueForm<Tenant[K]>,
  texts: Omit<SettingTexts, 'name'> & { readonly told?: string },
): Setting<Tenant> {
  const fallbackOf = ({ name, issuer, mtls_base_uri }: Tenant) => newTenant({ name, issuer, mtls_base_uri })[member];
  const anyTenant = newTenant({ name: 'any', issuer: 'https://any.example', mtls_base_uri: 'https://any.example' });
  return setting<Tenant, Tenant[K]>({
    ...texts,
    name: member,
    form,
    fallback: texts.told ?? form.print(anyTenant[member]),
    fallbackOf: (tenant) => form.print(fallbackOf(tenant)),
    read: (tenant) => tenant[member],
    write: (tenant, value) => ({ ...tenant, [member]: value }),
    unset: (tenant) => ({ ...tenant, [member]: fallbackOf(tenant) }),
  });
}

const methods = ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt'];

export const tenantSettings: readonly Setting<Tenant>[] = [
  status('mode', statusForms.mode, {
    name: 'mode',
    meaning: 'what happens when nobody says whether a certificate is revoked; `off` asks nobody',
    reason: 'an attacker who can silence a responder must not be able to use a revoked certificate',
    cautions: {
      off: 'nobody is asked: a revoked certificate is used until it expires, unless it is blocked',
      'soft-fail': 'while a responder is silent, a revoked certificate is used; its tokens live 300 seconds',
    },
  }),
  status('order', statusForms.order, {
    name: 'order',
    meaning: 'which sources are asked, and which first',
    reason: 'an OCSP answer is small and speaks of one certificate; a CRL serves where there is no responder',
  }),
  status('depth', statusForms.depth, {
    name: 'depth',
    meaning: 'whether CA certificates between client and anchor are asked about as well',
    reason: 'a revoked CA can have issued anything',
    cautions: { leaf: 'what a revoked CA has issued is used' },
  }),
  status('maxStatusAge', statusForms.maxStatusAge, {
    name: 'max_status_age',
    meaning: 'seconds after which a status is asked for again; a revocation is seen within this time',
    reason: 'responders sign answers for days, and a token has to die sooner; shorter costs more requests to the CA',
  }),
  status('nonce', statusForms.nonce, {
    name: 'nonce',
    meaning: 'RFC 9654: `prefer` sends a nonce, `require` takes no answer without it',
    reason: 'most responders pre-produce their answers and ignore nonces; replays are refused by age',
  }),
  status('certIdHash', statusForms.certIdHash, {
    name: 'cert_id_hash',
    implied: 'sha1',
    meaning: 'RFC 6960 §4.1.1: the hash that names the certificate in an OCSP request; no signature rests on it',
    reason: 'responders find their pre-produced answers by SHA-1, many by nothing else',
  }),
  status('ocspMethod', statusForms.ocspMethod, {
    name: 'ocsp_method',
    implied: 'post',
    meaning: 'RFC 6960 Appendix A.1: `get` lets caches on the way answer requests of up to 255 bytes',
    reason: 'every responder takes POST, and nothing on the way keeps the answer',
  }),
  status('shortLived', statusForms.shortLived, {
    name: 'short_lived',
    implied: 'none',
    meaning:
      'certificates that live no longer than these seconds from their first day to their last are not asked about',
    reason: 'only an operator knows that a CA ends certificates instead of revoking them',
  }),
  status('negativeAge', statusForms.negativeAge, {
    name: 'negative_age',
    implied: '30',
    meaning: 'seconds for which a source that gave no usable answer is left alone',
    reason: 'a responder that is down is not asked at every request, and is found again soon',
  }),
  hosts,
  own('certificate_bound_access_tokens', wordForm('always', 'client', 'off'), {
    meaning: 'RFC 8705 §3: tokens are bound to the certificate of the connection, as the client registered, or never',
    reason: 'a bound token is worth nothing to a thief',
    cautions: {
      client: 'tokens of clients that did not register for it are bearer tokens',
      off: 'every token is a bearer token: whoever has it can use it',
    },
  }),
  own('self_signed_path', wordForm('use', 'require'), {
    meaning: 'RFC 8705 §2.2: a registered self-signed certificate is used as it is, or must lead to an anchor',
    reason: 'the registration is the trust; `require` is for those who register certificates of their CA whole',
  }),
  own('legacy_audiences', flagForm, {
    meaning: 'RFC 7523 §3: endpoint URLs are taken as the audience of client assertions besides the issuer',
    reason: 'an assertion for another server that chose its URLs well could be replayed here (CVE-2025-27370)',
    cautions: { true: 'an assertion for another server could be replayed here' },
  }),
  own('show_reasons', flagForm, {
    meaning: 'the reason of a refusal stands in `error_description`; for tests, never for the open',
    reason: 'who may learn why a certificate is refused can find out which clients exist',
    cautions: { true: 'for tests: strangers can tell which clients exist' },
  }),
  own('grant_type_aliases', grantTypesForm, {
    meaning: 'other names of `client_credentials`, such as `urn:hid:oauth:grant-type:client-secret-pki`',
    reason: 'nobody needs them but clients that are moved from another server',
  }),
  own('access_token_signing_alg', wordForm('ES256', 'PS256', 'EdDSA'), {
    meaning: 'RFC 9068: what JWT access tokens are signed with',
    reason: 'every library verifies it, and signatures are short',
  }),
  own('signed_introspection', flagForm, {
    meaning: 'RFC 9701: signed introspection answers for whoever asks for them by `Accept`',
    reason: 'a resource server on the same TLS connection needs no second signature',
  }),
  own('assurance', assuranceForm(methods), {
    meaning: 'RFC 9470: the level of assurance (`acr`) that each method of authentication gives',
    reason: 'levels mean what an agreement says they mean, and there is none by default',
  }),
  own('access_token_lifetime', secondsForm(1, 86_400), {
    meaning: 'seconds a token lives where its client says nothing; never longer than certificate and status',
    reason: 'introspection ends it earlier when the certificate dies, so an hour is no risk',
  }),
  own('default_resource', resourceForm, {
    told: "the tenant's issuer",
    meaning: 'RFC 8707: whom a token is for when its client did not say',
    reason: 'it names nobody but this server',
  }),
  own('scopes_supported', scopesForm, {
    meaning: 'the scope values that clients may register and the metadata document lists',
    reason: 'the operator names what there is',
  }),
];
