/** The stacks of a deployment for a test: synthesized once for each configuration, without bundling. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseConfiguration } from '../../lib/constructs/configuration.ts';
import { deployment } from '../../lib/constructs/deployment.ts';

const root = join(import.meta.dirname, '..', '..');

export const at = new Date('2030-01-01T00:00:00Z');

/** What `cdk synth` would be given: an App made by a test reads no cdk.json. */
export const cdkJson: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(join(root, 'cdk.json'), 'utf8'),
).context;

export const readFromRoot = (path: string) => readFileSync(join(root, path), 'utf8');

/** `cdk` is the App; `data` and `app` are the stacks of its first region. */
export function newDeployment(changes: Readonly<Record<string, unknown>> = {}, outdir?: string) {
  const context = { ...cdkJson, 'aws:cdk:bundling-stacks': [], ...changes };
  const cdk = new App({ context, analyticsReporting: false, ...(outdir && { outdir }) });
  const regions = deployment(cdk, parseConfiguration(cdk.node.getAllContext(), readFromRoot), at);
  const [stacks] = regions;
  if (stacks === undefined) throw new Error('There is no region');
  return { cdk, regions, ...stacks };
}

export function templates(changes: Readonly<Record<string, unknown>> = {}) {
  const { data, app } = newDeployment(changes);
  return { data: Template.fromStack(data), app: Template.fromStack(app) };
}

export type Resource = {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is any JSON.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
};

export function synthesized(changes: Readonly<Record<string, unknown>> = {}) {
  const { data, app } = newDeployment(changes);
  void app;
  return { data: Template.fromStack(data), app: Template.fromStack(app) };
}

/** All resources of a type, by logical id. */
export const resources = (template: Template, type: string) =>
  Object.entries(template.findResources(type)) as [string, Resource][];
