import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFromRoot, resources, templates } from './stacks.ts';

type Statement = {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

type Stack = ReturnType<typeof templates>['app'];

/** What a statement is about, in words that do not change with a logical id. */
function subjectOf({ Resource, Condition }: Statement): string {
  const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
  if (keys !== undefined) return keys.join(' ');
  const purpose = Condition?.['StringEquals']?.['kms:EncryptionContext:purpose'];
  if (purpose !== undefined) return `${keyOf(Resource)}, where it is for ${purpose}`;
  const text = JSON.stringify(Resource);
  const known: readonly (readonly [RegExp, string])[] = [
    [/^"\*"$/, 'everything'],
    [/StreamArn/, 'stream of the registry'],
    [/Log[0-9A-F]{8}/, 'its own log'],
    [/\/truststore\.pem/, 'truststore'],
    [/-assets-/, 'initialTruststore'],
    [/:\/domainnames\/(?!\*)/, 'mTLS domain name'],
    [/TruststoreFailures/, 'queue of failures'],
  ];
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

/** The KMS key behind an export of the data stack. */
const keyOf = (resource: unknown) =>
  /SigningKeys(AccessTokens|IntrospectionAnswers)/.exec(JSON.stringify(resource))?.[1] ?? assert.fail('no key');

/** One line a function, subject and set of actions. */
function permissions(app: Stack): readonly string[] {
  const roles = Object.fromEntries(resources(app, 'AWS::IAM::Role'));
  const lines = resources(app, 'AWS::Lambda::Function').flatMap(([id, { Properties }]) => {
    const role = roles[Properties.Role['Fn::GetAtt'][0]] ?? assert.fail(id);
    const statements: readonly Statement[] = role.Properties.Policies.flatMap(
      (policy: { PolicyDocument: { Statement: readonly Statement[] } }) => policy.PolicyDocument.Statement,
    );
    const name = id.replace(/Function[0-9A-F]{8}$/, '');
    return statements.map((each) => {
      const actions = [each.Action].flat().sort().join(' ');
      return `| ${name} | ${actions} | ${subjectOf(each)} |`;
    });
  });
  return lines.sort();
}

const written = readFromRoot('docs/permissions.md')
  .split('\n')
  .filter((line) => /^\| \w+ \| \w+:/.test(line));

test('design §3: what each function may do is what docs/permissions.md says, reviewed line by line', () => {
  // Where this fails on purpose, put the lines of the left side there, and read them before.
  assert.deepEqual(permissions(templates().app), written);
});

test('design §3: with tracing each function may besides what the last line of docs/permissions.md says, and no more', () => {
  const [, every = ''] = /^\| every function \| (xray:.+) \|$/m.exec(readFromRoot('docs/permissions.md')) ?? [];
  const names = new Set(written.map((line) => line.split(' ')[1]));
  const traced = [...names].map((name) => `| ${name} | ${every} |`);
  assert.deepEqual(permissions(templates({ tracing: true }).app), [...written, ...traced].sort());
});
