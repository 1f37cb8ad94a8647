/**
 * Whether each check of `lib/pki` and `lib/status` is proved by a test: takes one away in a copy of the sources and demands that a test
 * fails. Run by CI (`node test/mutation/pki.ts`); a name as argument runs the mutations whose name contains it.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;

type Mutation = {
  /** The check that goes. */
  readonly name: string;
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The tests of which one must fail. */
  readonly tests: readonly string[];
};

const processing = 'lib/pki/path/processing.ts';
const clauses = [
  'test/pki/path/validation.test.ts',
  'test/pki/path/policies.test.ts',
  'test/pki/path/name-constraints.test.ts',
];
const constraints = ['test/pki/path/name-constraints.test.ts'];
const building = ['test/pki/path/building.test.ts'];
const ocsp = ['test/pki/status/ocsp.test.ts'];
const kept = ['test/status/kept-crl.test.ts'];
const source = ['test/status/crl-source.test.ts'];
const entries = ['test/status/effective-policy.test.ts'];
const entrance = ['test/status/client-certificate.test.ts'];
const silentAddress = ['test/status/silent-address.test.ts'];
const blocks = ['test/status/blocks.test.ts'];
const crl = ['test/pki/status/crl-status.test.ts', 'test/pki/status/crl.test.ts'];

/** A step of RFC 5280 §6.1 taken out of the list between two words of `processing.ts`. */
const withoutStep = (list: string, step: string): Mutation => {
  const source = readFileSync(join(root, processing), 'utf8');
  const start = source.indexOf(`const ${list}: readonly Step[] = [`);
  const find = source.slice(start, source.indexOf('];', start));
  const replace = find.replace(new RegExp(`\\b${step}\\b,?`), '');
  if (start < 0 || replace === find) throw new Error(`${processing}: no step ${step} in ${list}`);
  return { name: `${list} without ${step}`, file: processing, find, replace, tests: clauses };
};

const mutations: readonly Mutation[] = [
  // `signed` and `namesIssuer` are not here: building a path has verified both before. Nor is `policyWhereRequired`: what it
  // refuses, `acceptablePolicy` refuses later; nor an anchor's `strongKey`: a weak key verifies no signature below it.
  ...['strongKey', 'inValidityPeriod', 'conforming', 'withinNameConstraints', 'policies'].map((step) =>
    withoutStep('basicProcessing', step),
  ),
  ...[
    'policyMappings',
    'nameConstraints',
    'countDown',
    'policyConstraints',
    'isCertificateAuthority',
    'pathLength',
    'pathLenConstraint',
    'mayIssue',
    'extendedKeyUsage',
    'knownCriticalExtensions',
  ].map((step) => withoutStep('preparation', step)),
  ...['knownCriticalExtensions', 'acceptablePolicy'].map((step) => withoutStep('wrapUp', step)),
  ...['inValidityPeriod', 'isCertificateAuthority', 'mayIssue', 'knownCriticalExtensions'].map((step) =>
    withoutStep('anchorRules', step),
  ),
  {
    name: 'constraints of the anchor',
    file: processing,
    find: 'if (constrained) applyAnchor(',
    replace: 'if (constrained && n < 0) applyAnchor(',
    tests: clauses,
  },
  {
    name: 'SAN name constraints',
    file: 'lib/pki/path/constrained-name.ts',
    find: '[...names, ...subjectAltName]',
    replace: 'names',
    tests: constraints,
  },
  {
    name: 'emailAddress in the subject',
    file: 'lib/pki/path/constrained-name.ts',
    find: 'for (const { text } of addresses)',
    replace: 'for (const { text } of addresses.slice(addresses.length))',
    tests: constraints,
  },
  {
    name: 'excluded subtrees',
    file: 'lib/pki/path/name-constraints.ts',
    find: ' ?? excludedBy(name, excluded.get(name.type), work)',
    replace: '',
    tests: constraints,
  },
  {
    name: 'constraints that are not processed',
    file: 'lib/pki/path/name-constraints.ts',
    find: "  processed && form.kind !== 'unreadable';",
    replace: '  processed !== undefined && form !== undefined;',
    tests: constraints,
  },
  {
    name: 'loop cut',
    file: 'lib/pki/path/building.ts',
    find: 'if (isLoop(branch, candidate.certificate)) continue;',
    replace: '',
    tests: building,
  },
  {
    name: 'signature of a link',
    file: 'lib/pki/path/validation.ts',
    find: 'const verified = verifySignature(certificate.signed, issuer.publicKeyInfo, algorithms);',
    replace: 'const verified = ok<true>(Boolean(algorithms) as true);',
    tests: [...building, ...clauses],
  },
  {
    name: 'an intermediate is no anchor',
    file: 'lib/pki/path/building.ts',
    find: "if (type === 'anchor' || policy?.partialChain === true) yield longer;",
    replace: 'yield longer;',
    tests: building,
  },
  {
    name: 'length of a path',
    file: 'lib/pki/path/building.ts',
    find: 'if (branch.length >= maximumPathLength) {',
    replace: 'if (branch.length >= 2 * maximumPathLength) {',
    tests: building,
  },
  {
    name: 'budgets',
    file: 'lib/pki/path/work.ts',
    find: 'if (work[kind] >= limits[kind]) throw',
    replace: 'if (work[kind] >= 10 * limits[kind]) throw',
    tests: [...building, ...constraints],
  },
  {
    name: 'the CA as a client',
    file: 'lib/pki/path/end-entity.ts',
    find: 'if (basicConstraints?.cA) return',
    replace: 'if (basicConstraints?.cA && version < 3) return',
    tests: clauses,
  },
  {
    name: 'digitalSignature',
    file: 'lib/pki/path/end-entity.ts',
    find: "if (keyUsage?.has('digitalSignature') === false) return",
    replace: "if (keyUsage?.has('digitalSignature') === false && version < 3) return",
    tests: clauses,
  },
  {
    name: 'clientAuth',
    file: 'lib/pki/path/end-entity.ts',
    find: 'return refuseExtendedKeyUsage(certificate, policy);',
    replace: 'return policy ? undefined : refuseExtendedKeyUsage(certificate, policy);',
    tests: clauses,
  },
  {
    name: 'weak hashes',
    file: 'lib/pki/certificate/signature.ts',
    find: '(scheme.hash !== undefined && !algorithms.hashes.includes(scheme.hash))',
    replace: 'false',
    tests: ['test/pki/certificate/signature.test.ts'],
  },
  {
    name: 'size of RSA keys',
    file: 'lib/pki/certificate/public-key.ts',
    find: 'key.rsa.modulusBits >= algorithms.minimumRsaBits &&',
    replace: '',
    tests: ['test/pki/certificate/signature.test.ts'],
  },
  {
    name: 'the two signature algorithms of a certificate',
    file: 'lib/pki/certificate/signature.ts',
    find: 'if (Buffer.compare(encoding(inner), algorithm.der) !== 0) {',
    replace: 'if (algorithm.der.length === 0) {',
    tests: ['test/pki/certificate/certificate.test.ts'],
  },
  {
    name: 'an extension twice',
    file: 'lib/pki/certificate/extensions.ts',
    find: 'if (extensions.has(oid)) throw',
    replace: 'if (extensions.has(oid) && oid === "") throw',
    tests: ['test/pki/certificate/certificate.test.ts'],
  },
  {
    name: 'trailing bytes',
    file: 'lib/pki/certificate/der.ts',
    find: 'if (cursor.position !== cursor.end) throw',
    replace: 'if (cursor.position > cursor.end) throw',
    tests: ['test/pki/certificate/der.test.ts'],
  },
  {
    name: 'minimal lengths',
    file: 'lib/pki/certificate/der.ts',
    find: 'if (length < 0x80 || length < 256 ** (octets - 1)) throw',
    replace: 'if (length < 0) throw',
    tests: ['test/pki/certificate/der.test.ts'],
  },
  {
    name: 'NUL in a name',
    file: 'lib/pki/certificate/directory-string.ts',
    find: 'if (unfit.test(mapped)) return undefined;',
    replace: "if (unfit.test(mapped)) return prepare(text.replaceAll(/\\p{C}.*/gsu, ''));",
    tests: ['test/pki/certificate/name.test.ts'],
  },
  {
    name: 'cRLSign',
    file: 'lib/pki/status/crl-signer.ts',
    find: "if (signer.keyUsage?.has('cRLSign') === false) return",
    replace: "if (signer.keyUsage?.has('cRLSign') === null) return",
    tests: crl,
  },
  {
    name: 'EKU on the responder',
    file: 'lib/pki/status/ocsp-responder.ts',
    find: 'if (!extendedKeyUsage?.includes(ocspSigning)) return',
    replace: 'if (!ocspSigning && !extendedKeyUsage) return',
    tests: ocsp,
  },
  {
    name: 'critical extensions of the responder',
    file: 'lib/pki/status/ocsp-responder.ts',
    find: 'const unknown = unknownCritical(extensions, processedExtensions);\n  return unknown &&',
    replace: 'const unknown = unknownCritical(new Map(), processedExtensions);\n  return unknown &&',
    tests: ocsp,
  },
  {
    name: 'nextUpdate',
    file: 'lib/pki/status/freshness.ts',
    find: 'return nextUpdate >= thisUpdate && nextUpdate >= plusSeconds(at, -skew);',
    replace: 'return nextUpdate >= thisUpdate;',
    tests: [...ocsp, ...crl],
  },
  {
    name: 'thisUpdate',
    file: 'lib/pki/status/freshness.ts',
    find: 'if (thisUpdate > plusSeconds(at, skew)) return false;',
    replace: '',
    tests: [...ocsp, ...crl],
  },
  {
    name: 'IDP scope: distribution point',
    file: 'lib/pki/status/crl-scope.ts',
    find: "if (!isPoint(idp, crl, certificate, point)) return 'the CRL is for another distribution point';",
    replace: '',
    tests: crl,
  },
  {
    name: 'IDP scope: kind of certificate',
    file: 'lib/pki/status/crl-scope.ts',
    find: 'return outOfKind(idp, certificate);',
    replace: 'return idp === null ? outOfKind(idp, certificate) : undefined;',
    tests: crl,
  },
  {
    name: 'issuer of a CRL',
    file: 'lib/pki/status/crl-scope.ts',
    find: "if (!isIssuer(crl, certificate, point)) return 'the CRL has another issuer';",
    replace: '',
    tests: crl,
  },
  {
    name: 'listed hosts',
    file: 'lib/status/listed-hosts.ts',
    find: 'if (hosts === undefined ||',
    replace: 'if (names !== undefined ||',
    tests: entries,
  },
  {
    name: 'listed hosts of CRLs',
    file: 'lib/status/crl-source.ts',
    find: 'const unlisted = unlistedHost(url, level);',
    replace: 'const unlisted = index < 0 ? unlistedHost(url, level) : undefined;',
    tests: entries,
  },
  {
    name: 'the nearest entry speaks first',
    file: 'lib/status/effective-policy.ts',
    find: 'said.find((override) =>',
    replace: 'said.findLast((override) =>',
    tests: entries,
  },
  {
    name: 'settings of an entry are for what is below it',
    file: 'lib/status/revocation.ts',
    find: 'effectivePolicy(options.policy, authorities)',
    replace: 'effectivePolicy(options.policy, certificates)',
    tests: entries,
  },
  {
    name: 'revoked whatever the policy has become',
    file: 'lib/status/revocation.ts',
    find: "if (known?.status === 'revoked') return",
    replace: "if (known?.status === 'revoked' && known.stale) return",
    tests: entrance,
  },
  {
    name: 'revoked under every policy',
    file: 'lib/status/judgement.ts',
    find: "if (found === 'revoked') return",
    replace: "if (found === 'revoked' && isDemanded(status, index, policy)) return",
    tests: [...entrance, ...entries, 'test/status/judgement.test.ts'],
  },
  {
    name: 'age of a kept CRL',
    file: 'lib/status/crl-source.ts',
    find: '&& plusSeconds(fetchedAt, policy.maxStatusAge) >= at',
    replace: '&& policy.maxStatusAge >= 0',
    tests: kept,
  },
  {
    name: 'a kept CRL of the future',
    file: 'lib/status/crl-source.ts',
    find: 'fetchedAt <= plusSeconds(at, skew) && plus',
    replace: 'fetchedAt <= plusSeconds(at, 9e9) && plus',
    tests: kept,
  },
  {
    name: 'key of a kept CRL: the authorities',
    file: 'lib/status/kept-crl.ts',
    find: "questionKey('kept', url, ...authorities.map(({ thumbprint }) => thumbprint))",
    replace: "questionKey('kept', url, ...authorities.map(() => ''))",
    tests: kept,
  },
  {
    name: 'signer of a kept CRL',
    file: 'lib/pki/status/crl-signer.ts',
    find: 'if (crl.kept) return crl.kept.signer === signer.spkiSha256 ?',
    replace: 'if (crl.kept) return crl.kept.signer ?',
    tests: kept,
  },
  {
    name: 'shard of a kept CRL',
    file: 'lib/status/kept-crl.ts',
    find: "if (shard === undefined) return fail({ reason: 'malformed', detail: 'kept CRL: the entry is in another shard' });",
    replace: 'if (shard === undefined) return findInShard(new Uint8Array(), wanted);',
    tests: kept,
  },
  {
    name: 'replay in place of a kept CRL',
    file: 'lib/status/crl-source.ts',
    find: 'if (answer && answer.value.thisUpdate >= kept.value.thisUpdate) return',
    replace: 'if (answer) return',
    tests: kept,
  },
  {
    name: 'replay at a refresh',
    file: 'lib/status/crl-refresh.ts',
    find: "if (known && isOlder(crl, known)) return refuse('older',",
    replace: "if (known && isOlder(known, known)) return refuse('older',",
    tests: kept,
  },
  {
    name: 'number of a CRL at a refresh',
    file: 'lib/status/crl-refresh.ts',
    find: ' || (crl.crlNumber ?? 0n) < (known.crlNumber ?? 0n)',
    replace: '',
    tests: kept,
  },
  {
    name: 'signature at a refresh',
    file: 'lib/status/crl-refresh.ts',
    find: 'if (!signer.ok) return refuse(signer.failure.status, signer.failure.detail);',
    replace: "if (!signer.ok) return ok({ crl, signer: options.authorities[0]?.spkiSha256 ?? '' });",
    tests: kept,
  },
  {
    name: 'time of a CRL at a refresh',
    file: 'lib/status/crl-refresh.ts',
    find: 'if (!isCurrent(crl, maxAgeWithoutNextUpdate.crl, at)) return',
    replace: 'if (!isCurrent(crl, maxAgeWithoutNextUpdate.crl, crl.thisUpdate)) return',
    tests: kept,
  },
  {
    name: 'path at a refresh',
    file: 'lib/status/crl-refresh.ts',
    find: ' || keptKey(url, authorities) !== crl)',
    replace: ')',
    tests: kept,
  },
  {
    name: 'hosts at a refresh',
    file: 'lib/status/crl-refresh.ts',
    find: 'return unlisted === undefined ? ok(',
    replace: 'return unlisted !== null ? ok(',
    tests: kept,
  },
  {
    name: 'a CRL that has expired revokes',
    file: 'lib/pki/status/crl-status.ts',
    find: 'if (!permanent && !isUsable(usable, options)) return',
    replace: 'if (!isUsable(usable, options)) return',
    tests: source,
  },
  {
    name: 'a CRL that has expired does nothing else',
    file: 'lib/pki/status/crl-status.ts',
    find: 'if (!permanent && !isUsable(usable, options)) return',
    replace: 'if (!found && !isUsable(usable, options)) return',
    tests: [...source, ...crl],
  },
  {
    name: 'rest of a silent address',
    file: 'lib/status/silent-address.ts',
    find: 'trouble.failures < patience',
    replace: 'trouble.failures >= 0',
    tests: silentAddress,
  },
  {
    name: 'end of the rest of a silent address',
    file: 'lib/status/silent-address.ts',
    find: ' || trouble.restsUntil <= at) return undefined;',
    replace: ') return undefined;',
    tests: silentAddress,
  },
  {
    name: 'whose silent address it is',
    file: 'lib/status/ocsp-source.ts',
    find: 'issuer.thumbprint} $',
    replace: 'issuer.version} $',
    tests: ['test/status/revocation.test.ts', ...silentAddress],
  },
  {
    name: 'a block',
    file: 'lib/status/client-certificate.ts',
    find: 'if (options.blocks?.find(path.value.certificates) !== undefined) {',
    replace: 'if (options.blocks?.find([]) !== undefined) {',
    tests: blocks,
  },
  {
    name: 'a block of a CA of the path',
    file: 'lib/status/client-certificate.ts',
    find: 'if (options.blocks?.find(path.value.certificates) !== undefined) {',
    replace: 'if (options.blocks?.find([certificate]) !== undefined) {',
    tests: blocks,
  },
  {
    name: 'issuer of a blocked serial number',
    file: 'lib/status/blocks.ts',
    find: 'issuer.key}`',
    replace: 'issuer.rdns.length > 0}`',
    tests: blocks,
  },
];

type Outcome = { readonly mutation: Mutation; readonly problem: string | undefined };

/** A copy of what the tests need. The dependencies are linked, not copied. */
function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'certbound-mutation-'));
  for (const part of ['lib', 'test/pki', 'test/status', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** How many tests of the copy passed and failed. */
function runTests(copy: string, tests: readonly string[]): Promise<{ passed: number; failed: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--test', '--test-reporter=tap', ...tests], { cwd: copy });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
      resolve({ passed: count('pass'), failed: count('fail') });
    });
  });
}

async function judge(copy: string, mutation: Mutation): Promise<Outcome> {
  const path = join(copy, mutation.file);
  const source = readFileSync(path, 'utf8');
  const occurrences = source.split(mutation.find).length - 1;
  if (occurrences !== 1) return { mutation, problem: `its pattern occurs ${occurrences} times in ${mutation.file}` };
  writeFileSync(
    path,
    source.replace(mutation.find, () => mutation.replace),
  );
  try {
    const { passed, failed } = await runTests(copy, mutation.tests);
    if (failed === 0) return { mutation, problem: 'no test fails without it' };
    // Where nothing passes, the mutation broke the sources instead of taking a check away.
    return { mutation, problem: passed === 0 ? 'no test passes without it' : undefined };
  } finally {
    writeFileSync(path, source);
  }
}

async function work(queue: Mutation[], outcomes: Outcome[]): Promise<void> {
  const copy = copySources();
  try {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await judge(copy, next);
      outcomes.push(outcome);
      console.log(
        `${outcome.problem === undefined ? 'proved  ' : 'UNPROVED'} ${next.name}${outcome.problem ? `: ${outcome.problem}` : ''}`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const wanted = process.argv[2] ?? '';
const queue = mutations.filter(({ name }) => name.includes(wanted));
const outcomes: Outcome[] = [];
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, () => work(queue, outcomes)));
const unproved = outcomes.filter(({ problem }) => problem !== undefined);
console.log(`${outcomes.length - unproved.length} of ${outcomes.length} checks are proved by a test`);
process.exitCode = unproved.length === 0 && outcomes.length > 0 ? 0 : 1;
