/** The WAF before a REST API: a limit for each address, and what AWS knows as attacks, tuned for the forms of OAuth. */
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

export type WebFirewallProps = {
  readonly name: string;
  readonly stageArn: string;
  /** Requests of one address in five minutes; what goes beyond is answered with 429. */
  readonly addressLimit: number;
};

/**
 * Counted, not blocked: what an OAuth request may be. Assertions and request objects are long (RFC 7523, RFC 9101),
 * machines send no User-Agent, and a redirect URI may be a loopback address (RFC 8252 §7.3).
 */
const counted = [
  'NoUserAgent_HEADER',
  'SizeRestrictions_BODY',
  'SizeRestrictions_QUERYSTRING',
  'GenericRFI_BODY',
  'GenericRFI_QUERYARGUMENTS',
  'EC2MetaDataSSRF_BODY',
  'EC2MetaDataSSRF_QUERYARGUMENTS',
];

export class WebFirewall extends Construct {
  constructor(scope: Construct, id: string, { name, stageArn, addressLimit }: WebFirewallProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      description: `Certbound ${name}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility('All'),
      rules: [
        {
          name: 'AddressLimit',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: {
            rateBasedStatement: { aggregateKeyType: 'IP', limit: addressLimit, evaluationWindowSec: 300 },
          },
          visibilityConfig: visibility('AddressLimit'),
        },
        {
          name: 'CommonRuleSet',
          priority: 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name: 'AWSManagedRulesCommonRuleSet',
              ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
            },
          },
          visibilityConfig: visibility('CommonRuleSet'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: acl.attrArn });
  }
}

/** A sample would show queries and headers, and with them codes and credentials. */
const visibility = (metricName: string) => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  sampledRequestsEnabled: false,
});
