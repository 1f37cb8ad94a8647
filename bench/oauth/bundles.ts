/** What each function's bundle weighs, built as the deployment builds it. */
import { build } from 'esbuild';
import { aliases } from '../../lib/constructs/endpoint-function.ts';

export type BundleSize = { readonly lambda: string; readonly bytes: number; readonly sdk: number };

/** Bytes minified, and how many of them are the AWS SDK's. */
export async function bundleSize(lambda: string): Promise<BundleSize> {
  const { metafile } = await build({
    entryPoints: [`lambdas/${lambda}.ts`],
    bundle: true,
    write: false,
    outfile: `${lambda}.js`,
    metafile: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    supported: { 'dynamic-import': false },
    alias: { ...aliases },
  });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {});
  const sdk = inputs.filter(([path]) => /node_modules\/(@aws-sdk|@smithy|@aws)\//.test(path));
  return { lambda, bytes: output?.bytes ?? 0, sdk: sdk.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0) };
}
