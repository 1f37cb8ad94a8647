/** Policies of a tenant and of its truststore entries: shown with where each value comes from, set and unset by name. */
import type { AuditStore, StoredEntry, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { parseTrustedEncoding } from '../pki/certificate/certificate.ts';
import { printName } from '../pki/certificate/name.ts';
import { type Thumbprint, thumbprint } from '../pki/certificate/thumbprint.ts';
import { fail, ok } from '../result.ts';
import { type Operator, type Problem, type Refusable, recorded, refuse, registeredTenant } from './change.ts';
import { findEntry } from './entries.ts';
import { entrySettings } from './entry-settings.ts';
import type { Setting } from './setting.ts';
import { tenantSettings } from './tenant-settings.ts';
import type { SettingInput } from './value-form.ts';

export type PolicyPorts = {
  readonly tenants: Pick<TenantStore, 'find' | 'save'>;
  readonly truststore: Pick<TruststoreStore, 'entries' | 'add'>;
  readonly audit: Pick<AuditStore, 'change'>;
};

export type ShownSetting = {
  readonly name: string;
  readonly text: string;
  readonly value?: unknown;
  readonly source: 'default' | 'tenant' | 'entry';
};

export type ShownEntry = {
  readonly thumbprint: Thumbprint;
  readonly type: StoredEntry['type'];
  readonly subject: string;
  readonly settings: readonly ShownSetting[];
};

export type ShownPolicy = {
  readonly tenant: string;
  readonly settings: readonly ShownSetting[];
  /** What entries say in place of it. */
  readonly entries: readonly ShownEntry[];
};

/** What holds in a tenant, and where its entries say otherwise. */
export async function showPolicy(
  name: string,
  ports: Pick<PolicyPorts, 'tenants' | 'truststore'>,
): Promise<Refusable<ShownPolicy>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const entries = (await ports.truststore.entries(name)).map((entry) => shownEntry(entry, ownSettings(entry)));
  return ok({
    tenant: name,
    settings: tenantSettings.map((setting) => shown(setting, tenant.value, 'tenant')),
    entries: entries.filter(({ settings }) => settings.length > 0),
  });
}

/** What holds for one entry: its own value, else the tenant's, else the default. */
export async function showEntryPolicy(
  name: string,
  entryText: string,
  ports: Pick<PolicyPorts, 'tenants' | 'truststore'>,
): Promise<Refusable<ShownEntry>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const found = await findEntry(name, entryText, ports);
  if (!found.ok) return found;
  const { entry } = found.value;
  const settings = entrySettings.map((setting): ShownSetting => {
    const inherited = tenantSettings.find((each) => each.name === setting.name);
    if (setting.find(entry) !== undefined || inherited === undefined) return shown(setting, entry, 'entry');
    return shown(inherited, tenant.value, 'tenant');
  });
  return ok(shownEntry(entry, [...settings, ...uploadedCrl(entry)]));
}

function shown<Row>(setting: Setting<Row>, row: Row, source: 'tenant' | 'entry'): ShownSetting {
  const own = setting.find(row);
  if (own === undefined) return { name: setting.name, text: setting.fallbackOf(row), source: 'default' };
  return { name: setting.name, ...own, source };
}

const ownSettings = (entry: StoredEntry): readonly ShownSetting[] => [
  ...entrySettings.filter((setting) => setting.find(entry)).map((setting) => shown(setting, entry, 'entry')),
  ...uploadedCrl(entry),
];

/** Not set by name but by «crl upload». */
const uploadedCrl = ({ status }: StoredEntry): readonly ShownSetting[] =>
  status?.uploadedCrl === true ? [{ name: 'uploaded_crl', text: 'kept', value: true, source: 'entry' }] : [];

function shownEntry(entry: StoredEntry, settings: readonly ShownSetting[]): ShownEntry {
  const parsed = parseTrustedEncoding(entry.certificate);
  return {
    thumbprint: thumbprint(entry.certificate),
    type: entry.type,
    subject: parsed.ok ? printName(parsed.value.subject) : '(cannot be parsed)',
    settings,
  };
}

export type PolicyChange = {
  readonly tenant: string;
  /** The thumbprint of the entry; absent for the tenant. */
  readonly entry?: Thumbprint;
  readonly changes: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  readonly cautions: readonly string[];
};

/** Values by the name of their setting; undefined returns to the default. */
export type PolicyInput = ReadonlyMap<string, SettingInput | undefined>;

/** Sets values of a tenant: all of them or, where one is wrong, none. */
export async function changePolicy(
  name: string,
  input: PolicyInput,
  operator: Operator,
  ports: PolicyPorts,
): Promise<Refusable<PolicyChange>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const changed = apply(tenantSettings, tenant.value, input, notOfTenants);
  if (!changed.ok) return changed;
  const { row, ...told } = changed.value;
  const change = { action: 'policy.set', subject: `tenant ${name}`, detail: detailOf(told) };
  if (told.changes.length > 0) await recorded(name, operator, change, ports, () => ports.tenants.save(row));
  return ok({ tenant: name, ...told });
}

/** Sets values of a truststore entry: all of them or, where one is wrong, none. */
export async function changeEntryPolicy(
  name: string,
  entryText: string,
  input: PolicyInput,
  operator: Operator,
  ports: PolicyPorts,
): Promise<Refusable<PolicyChange>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const found = await findEntry(name, entryText, ports);
  if (!found.ok) return found;
  const { entry, certificate } = found.value;
  const changed = apply(entrySettings, entry, input, 'see «policy set --help»');
  if (!changed.ok) return changed;
  const { row, ...told } = changed.value;
  const problems = told.changes.flatMap((change) => misplaced(row, change.name));
  if (problems.length > 0) return fail(problems);
  const change = { action: 'policy.set', subject: certificate.thumbprint, detail: detailOf(told) };
  if (told.changes.length > 0) await recorded(name, operator, change, ports, () => ports.truststore.add(name, row));
  return ok({ tenant: name, entry: certificate.thumbprint, ...told });
}

const notOfTenants = 'see «policy set --help»; settings of a truststore entry need --entry THUMBPRINT';

type Applied<Row> = Pick<PolicyChange, 'changes' | 'cautions'> & { readonly row: Row };

function apply<Row>(
  settings: readonly Setting<Row>[],
  row: Row,
  input: PolicyInput,
  help: string,
): Refusable<Applied<Row>> {
  if (input.size === 0) return refuse({ what: 'policy', problem: 'no setting is named', remedy: 'write NAME=VALUE' });
  const problems: Problem[] = [];
  let after = row;
  for (const [name, value] of input) {
    const setting = settings.find((each) => each.name === name);
    if (setting === undefined) {
      problems.push({ what: 'setting', value: name, problem: 'there is no such setting here', remedy: help });
    } else if (value === undefined) after = setting.unset(after);
    else {
      const changed = setting.change(after, value);
      if (changed.ok) after = changed.value;
      else problems.push(wrongValue(setting, value, changed.failure));
    }
  }
  if (problems.length > 0) return fail(problems);
  const named = settings.filter(({ name }) => input.has(name));
  const told = named.map((setting) => ({ name: setting.name, from: textIn(setting, row), to: textIn(setting, after) }));
  const cautions = named.flatMap((setting) => {
    const caution = setting.cautions[textIn(setting, after)];
    return caution === undefined ? [] : [`${setting.name}: ${caution}`];
  });
  return ok({ row: after, changes: told.filter(({ from, to }) => from !== to), cautions });
}

const textIn = <Row>(setting: Setting<Row>, row: Row): string => setting.find(row)?.text ?? setting.fallbackOf(row);

function wrongValue<Row>({ name, input }: Setting<Row>, value: SettingInput, problem: string): Problem {
  const shownValue = input === 'text' && typeof value === 'string' ? { value } : {};
  return { what: name, ...shownValue, problem, remedy: 'nothing is changed' };
}

/** A setting that would do nothing where it stands. */
function misplaced({ type, policy }: StoredEntry, name: string): readonly Problem[] {
  const endsPaths = type === 'anchor' || policy?.partialChain === true;
  if (type === 'client') {
    const problem = 'means nothing for a client certificate, which issues nothing';
    return [{ what: name, problem, remedy: 'set it for the tenant' }];
  }
  if (name === 'partial_chain' && type === 'anchor' && policy?.partialChain !== undefined) {
    return [{ what: name, problem: 'the entry is an anchor, where paths end already', remedy: 'leave it out' }];
  }
  if (name === 'constraints' && !endsPaths && policy?.constraints !== undefined) {
    const problem = "only an anchor's constraints can be ignored, and the entry is an intermediate";
    return [{ what: name, problem, remedy: 'set it for the anchor, or partial_chain=true with it' }];
  }
  return [];
}

const detailOf = ({ changes }: Pick<PolicyChange, 'changes'>): string =>
  changes.map(({ name, from, to }) => `${name} ${from} → ${to}`).join(', ');
