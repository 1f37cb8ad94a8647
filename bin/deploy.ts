/** The CDK app: the stacks of the deployment that the configuration describes. */
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { type DeploymentConfiguration, parseConfiguration } from '../lib/constructs/configuration.ts';
import { deployment } from '../lib/constructs/deployment.ts';

/** Undefined where something is wrong with it, which is told then. */
function configurationOf(app: App): DeploymentConfiguration | undefined {
  try {
    return parseConfiguration(app.node.getAllContext(), (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    // An operator's mistake is an Error and needs no stack; a mistake of ours is a TypeError or the like.
    if (!(error instanceof Error) || error.name !== 'Error') throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

const app = new App();
const configuration = configurationOf(app);
if (configuration === undefined) process.exitCode = 1;
else {
  deployment(app, configuration, new Date());
  app.synth();
}
