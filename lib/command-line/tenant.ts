/** `tenant add | list | show`. */
import { addTenant, listTenants, showTenant, type TenantInput } from '../administration/tenants.ts';
import type { Tenant } from '../oauth/tenant.ts';
import { type Command, granted, noWords, onlyWord } from './command.ts';
import { pairs, table } from './table.ts';

const add: Command = {
  name: 'tenant add',
  operands: 'NAME',
  summary: 'registers a tenant; nobody gets in before it has a truststore and clients',
  flags: {
    issuer: {
      type: 'string',
      hint: 'URL',
      text: "RFC 8414: its issuer; without it /t/NAME below the default tenant's",
    },
    mtls: { type: 'string', hint: 'URL', text: "its mutual TLS host; without it the default tenant's" },
  },
  examples: [
    'tenant add default --issuer https://auth.example.com --mtls https://mtls.auth.example.com',
    'tenant add acme',
  ],
  async run(input, { registry, operator }) {
    const [issuer, mtls] = [input.text('issuer'), input.text('mtls')];
    const wanted: TenantInput = {
      name: onlyWord(input, 'the name of the tenant'),
      ...(issuer !== undefined && { issuer }),
      ...(mtls !== undefined && { mtls_base_uri: mtls }),
    };
    const tenant = granted(await addTenant(wanted, operator, (await registry()).stores));
    return { lines: [`Added tenant ${tenant.name}: ${tenant.issuer}`], json: shown(tenant) };
  },
};

const list: Command = {
  name: 'tenant list',
  operands: '',
  summary: 'lists the tenants',
  flags: {},
  examples: ['tenant list', 'tenant list --json'],
  async run(input, { registry }) {
    noWords(input);
    const tenants = await listTenants((await registry()).stores);
    const rows = tenants.map(({ name, issuer, mtls_base_uri, status_policy }) => [
      name,
      issuer,
      mtls_base_uri,
      status_policy.mode,
    ]);
    return {
      lines: table(['TENANT', 'ISSUER', 'MUTUAL TLS', 'STATUS'], rows, 'There is no tenant.'),
      json: tenants.map(shown),
    };
  },
};

const show: Command = {
  name: 'tenant show',
  operands: 'NAME',
  summary: 'shows where a tenant is; its settings are shown by «policy show»',
  flags: {},
  examples: ['tenant show acme'],
  async run(input, { registry }) {
    const name = onlyWord(input, 'the name of the tenant');
    const tenant = shown(granted(await showTenant(name, (await registry()).stores)));
    return { lines: pairs(Object.entries(tenant)), json: tenant };
  },
};

const shown = ({ name, issuer, mtls_base_uri }: Tenant) => ({ name, issuer, mtls_base_uri });

export const tenantCommands: readonly Command[] = [add, list, show];
