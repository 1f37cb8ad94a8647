/** The stacks of a deployment: for each region what is kept, and what runs on it. */
import { Annotations, type App } from 'aws-cdk-lib';
import { truststoreWarnings } from '../truststore-bundle.ts';
import { AppStack } from './app.ts';
import type { DeploymentConfiguration } from './configuration.ts';
import { DataStack } from './data.ts';

export type RegionalStacks = { readonly data: DataStack; readonly app: AppStack };

/** Adds the stacks to the app. `at`: the time of the deployment, for which certificates of the truststore are looked at. */
export function deployment(app: App, configuration: DeploymentConfiguration, at: Date): readonly RegionalStacks[] {
  const { name, account, regions, signer } = configuration;
  const [, ...replicas] = regions;
  let home: DataStack | undefined;
  return regions.map((region) => {
    const env = { region, ...(account && { account }) };
    const description = 'Certbound: tables, truststore and keys';
    const data = new DataStack(app, `${name}-Data-${region}`, {
      env,
      description,
      signer,
      deployment: name,
      replicas,
      crossRegionReferences: replicas.length > 0,
      ...(home && { home }),
    });
    home ??= data;
    const appStack = new AppStack(app, `${name}-App-${region}`, {
      env,
      description: 'Certbound: functions, APIs and domain names',
      configuration,
      data,
      deployment: at.toISOString(),
    });
    if (configuration.logLevel === 'error') {
      const lost = 'no log line, metric or alarm tells of issued tokens, refusals, soft-fails and silent responders';
      Annotations.of(appStack).addWarningV2('certbound:logLevel', `logLevel=error: ${lost}`);
    }
    for (const { path, bundle } of [configuration, ...configuration.tenantHosts].map((hosts) => hosts.truststore)) {
      for (const warning of truststoreWarnings(bundle.certificates, at)) {
        Annotations.of(appStack).addWarningV2('certbound:truststore', `${path}: ${warning}`);
      }
    }
    return { data, app: appStack };
  });
}
