/**
 * The KMS keys that private signing keys are encrypted under, one for each purpose, and who may use them how: from the
 * `signing` of lib/routes.ts.
 */
import { RemovalPolicy, Stack, Token, Validations } from 'aws-cdk-lib';
import { AccountRootPrincipal, AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnReplicaKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { KeyWrapConfig } from '../config.ts';
import type { Signing } from '../routes.ts';

type Purpose = keyof Signing;

/** How private keys are kept: as data key pairs that the token function opens, or as keys that never leave KMS. */
export type Signer = 'data-key-pair' | 'kms';

/** ARNs. */
export type SigningKeyArns = Readonly<Record<Purpose, string>>;

export type SigningKeysProps = {
  readonly signer: Signer;
  /** What tells the keys that are made in KMS from those of other deployments; with `kms`. */
  readonly deployment: string;
  /**
   * The keys of the first region, whose replicas are made here.
   * @default - this is the first region
   */
  readonly primary?: SigningKeyArns;
};

/** What the tenants' algorithms need: ES256, PS256, EdDSA. */
const pairSpecs = ['ECC_NIST_P256', 'ECC_NIST_EDWARDS25519', 'RSA_2048'];
const keySpecs = ['ECC_NIST_P256', 'RSA_2048'];

/** Each would show a private key in the clear, or bring a ciphertext of somebody else's under the key. */
const neverUsed = [
  'kms:CreateGrant',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const deploymentTag = 'certbound:deployment';
const purposeTag = 'certbound:purpose';

export class SigningKeys extends Construct {
  /** For the environment of the functions. */
  readonly keyWrap: KeyWrapConfig;
  /** Those of the KMS keys; undefined where each signing key is one. */
  readonly arns: SigningKeyArns | undefined;
  readonly #deployment: string;

  constructor(scope: Construct, id: string, { signer, deployment, primary }: SigningKeysProps) {
    super(scope, id);
    this.#deployment = deployment;
    if (signer === 'kms') {
      this.keyWrap = { kind: 'kms-sign', region: Stack.of(this).region, deployment };
      return;
    }
    this.arns = {
      access_token: this.key('AccessTokens', 'access_token', primary),
      introspection: this.key('IntrospectionAnswers', 'introspection', primary),
    };
    this.keyWrap = { kind: 'kms', ...this.arns };
  }

  /** A key of the region, or the replica of the first region's; returns its ARN. */
  private key(id: string, purpose: Purpose, primary: SigningKeyArns | undefined): string {
    const description = `Certbound: signing keys (${purpose})`;
    // Without it every signing key in the registry is lost.
    const removalPolicy = RemovalPolicy.RETAIN;
    if (primary !== undefined) {
      const keyPolicy = new PolicyDocument({ statements: [administration(), ...denials(purpose)] });
      const replica = new CfnReplicaKey(this, id, { description, keyPolicy, primaryKeyArn: primary[purpose] });
      replica.applyRemovalPolicy(removalPolicy);
      return replica.attrArn;
    }
    // From the beginning: a key cannot become one when a second region comes.
    const key = new Key(this, id, { description, removalPolicy, enableKeyRotation: true, multiRegion: true });
    for (const statement of denials(purpose)) key.addToResourcePolicy(statement);
    return key.keyArn;
  }

  /** What a function may do that signs, or makes keys, as its row says. */
  statements(signing: Signing = {}): readonly PolicyStatement[] {
    const purposes = Object.entries(signing) as readonly [Purpose, 'sign' | 'make'][];
    return purposes.flatMap(([purpose, may]) => {
      const key = this.arns?.[purpose];
      if (key === undefined) return may === 'sign' ? [this.useOfKeys(purpose)] : this.makingOfKeys(purpose);
      const context = { 'kms:EncryptionContext:purpose': purpose };
      const make = allow(['kms:GenerateDataKeyPairWithoutPlaintext'], key, {
        StringEquals: { ...context, 'kms:DataKeyPairSpec': pairSpecs },
      });
      return may === 'make' ? [make] : [make, allow(['kms:Decrypt'], key, { StringEquals: context })];
    });
  }

  /** Says of a function with these statements why some of them name no single key. */
  acknowledge(function_: Construct, signing: Signing = {}): void {
    if (Object.keys(signing).length === 0 || this.arns !== undefined) return;
    const reason =
      'Keys of KMS are made while the deployment runs: their tags name the deployment and the purpose, and no key without them can be used.';
    const { region, account, partition } = Stack.of(this);
    // As cdk-nag writes what is known in the deployment only.
    const written = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
    const everyKey = `arn:${written(partition, 'Partition')}:kms:${region}:${written(account, 'AccountId')}:key/*`;
    for (const resource of ['*', everyKey]) {
      Validations.of(function_).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
    }
  }

  private useOfKeys(purpose: Purpose): PolicyStatement {
    return allow(['kms:Sign'], this.everyKey(), {
      StringEquals: { ...this.tags('aws:ResourceTag', purpose), 'kms:MessageType': 'DIGEST' },
    });
  }

  private makingOfKeys(purpose: Purpose): readonly PolicyStatement[] {
    return [
      // KMS asks for the right to tag, of which IAM cannot say «at creation only»: at least no other kind of key is meant.
      allow(['kms:CreateKey', 'kms:TagResource'], '*', {
        StringEquals: {
          ...this.tags('aws:RequestTag', purpose),
          'kms:KeyUsage': 'SIGN_VERIFY',
          'kms:KeySpec': keySpecs,
        },
      }),
      allow(['kms:GetPublicKey', 'kms:ScheduleKeyDeletion'], this.everyKey(), {
        StringEquals: this.tags('aws:ResourceTag', purpose),
      }),
    ];
  }

  private everyKey(): string {
    return Stack.of(this).formatArn({ service: 'kms', resource: 'key', resourceName: '*' });
  }

  private tags(condition: 'aws:RequestTag' | 'aws:ResourceTag', purpose: Purpose): Readonly<Record<string, string>> {
    return { [`${condition}/${deploymentTag}`]: this.#deployment, [`${condition}/${purposeTag}`]: purpose };
  }
}

type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const allow = (actions: readonly string[], resource: string, conditions: Conditions) =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource], conditions });

const deny = (actions: readonly string[], conditions: Conditions = {}) =>
  new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: [...actions],
    resources: ['*'],
    conditions,
  });

/** As the Key construct writes it: who may use the key is for IAM to say. */
const administration = () =>
  new PolicyStatement({ principals: [new AccountRootPrincipal()], actions: ['kms:*'], resources: ['*'] });

const denials = (purpose: Purpose): readonly PolicyStatement[] => [
  deny(neverUsed),
  // Whatever else a policy allows: what belongs to one purpose is never opened as another's.
  deny(['kms:Decrypt', 'kms:GenerateDataKeyPairWithoutPlaintext'], {
    StringNotEquals: { 'kms:EncryptionContext:purpose': purpose },
  }),
];
