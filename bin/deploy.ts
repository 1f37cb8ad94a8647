/** The CDK app: the stacks of the deployment that the configuration describes. */
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { parseConfiguration } from '../lib/constructs/configuration.ts';
import { deployment } from '../lib/constructs/deployment.ts';

const app = new App();
deployment(
  app,
  parseConfiguration(app.node.getAllContext(), (path) => readFileSync(path, 'utf8')),
  new Date(),
);
app.synth();
