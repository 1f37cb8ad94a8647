/** IAM from the `needs` of lib/routes.ts: a function may touch its kinds of rows, in its way, and nothing else. */
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { kinds, type Table } from '../kinds.ts';
import { type Access, type HttpRoute, httpRoutes, type Kind, type Needs, type Signing } from '../routes.ts';

/** The ARNs of the two tables. */
export type TableArns = Readonly<Record<Table, string>>;

/** No Scan, no PartiQL: every action here names the partition keys it touches. Rows of grants end by their `exp`. */
const actions: Readonly<Record<'read' | 'write' | 'remove', readonly string[]>> = {
  read: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
  write: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
  remove: ['dynamodb:DeleteItem'],
};

/** What each access comes to. */
const ways: Readonly<Record<Access, readonly (keyof typeof actions)[]>> = {
  read: ['read'],
  write: ['write'],
  'read-write': ['read', 'write'],
  remove: ['read', 'write', 'remove'],
};

/** One statement for each table and way of access, on the partition keys of the kinds by `dynamodb:LeadingKeys`. */
export function tableStatements(needs: Needs, arns: TableArns): readonly PolicyStatement[] {
  const needed = Object.entries(needs) as readonly [Kind, Access][];
  return (['registry', 'grants'] as const).flatMap((table) =>
    (['read', 'write', 'remove'] as const).flatMap((way) => {
      const prefixes = needed
        .filter(([kind, access]) => kinds[kind].table === table && ways[access].includes(way))
        .map(([kind]) => kinds[kind].prefix);
      return prefixes.length === 0 ? [] : [statement(actions[way], arns[table], prefixes)];
    }),
  );
}

function statement(allowed: readonly string[], table: string, prefixes: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...allowed],
    resources: [table],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': prefixes.map((prefix) => `${prefix}*`).sort() },
    },
  });
}

export type FunctionRights = { readonly needs: Needs; readonly signing: Signing };

/** The functions behind the HTTP routes, each with what all of its routes need together. */
export function httpFunctions(): ReadonlyMap<string, FunctionRights> {
  const functions = new Map<string, FunctionRights>();
  for (const [, route] of httpRoutes) {
    const { needs, signing } = functions.get(route.lambda) ?? { needs: {}, signing: {} };
    functions.set(route.lambda, { needs: union(needs, route), signing: { ...signing, ...route.signing } });
  }
  return functions;
}

function union(needs: Needs, route: HttpRoute): Needs {
  const joined = { ...needs };
  for (const [kind, access] of Object.entries(route.needs) as readonly [Kind, Access][]) {
    const before = joined[kind];
    joined[kind] = before === undefined || before === access ? access : 'read-write';
  }
  return joined;
}
