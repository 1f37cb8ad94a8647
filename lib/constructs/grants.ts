/** IAM from the `needs` of lib/routes.ts: a function may touch its kinds of rows, in its way, and nothing else. */
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { kinds, type Table } from '../kinds.ts';
import { type Access, type HttpRoute, httpRoutes, type Kind, type Needs } from '../routes.ts';

/** The ARNs of the two tables. */
export type TableArns = Readonly<Record<Table, string>>;

/** No Scan, no DeleteItem, no PartiQL: rows end by their `exp`, and every action here names the partition keys it touches. */
const actions: Readonly<Record<'read' | 'write', readonly string[]>> = {
  read: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
  write: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
};

/** One statement for each table and way of access, on the partition keys of the kinds by `dynamodb:LeadingKeys`. */
export function tableStatements(needs: Needs, arns: TableArns): readonly PolicyStatement[] {
  const needed = Object.entries(needs) as readonly [Kind, Access][];
  return (['registry', 'grants'] as const).flatMap((table) =>
    (['read', 'write'] as const).flatMap((way) => {
      const prefixes = needed
        .filter(([kind, access]) => kinds[kind].table === table && (access === way || access === 'read-write'))
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

/** The functions behind the HTTP routes, each with what all of its routes need together. */
export function httpFunctions(): ReadonlyMap<string, Needs> {
  const functions = new Map<string, Needs>();
  for (const [, route] of httpRoutes) {
    functions.set(route.lambda, union(functions.get(route.lambda) ?? {}, route));
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
