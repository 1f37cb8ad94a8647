/** What each function's bundle weighs, as it is deployed. */
import { gzipSync } from 'node:zlib';
import { functionBundles } from '../../lib/constructs/function-bundles.ts';

export type BundleSize = {
  readonly lambda: string;
  /** Bytes minified, without the source map. */
  readonly bytes: number;
  readonly gzip: number;
  /** Bytes that are the AWS SDK's. */
  readonly sdk: number;
};

export function bundleSize(lambda: string): BundleSize {
  const bundle = functionBundles().get(lambda);
  if (bundle === undefined) throw new Error(`${lambda}: there is no such function`);
  const { bytes, files, output } = bundle;
  const sdk = Object.entries(output.inputs).filter(([path]) => /node_modules\/(@aws-sdk|@smithy|@aws)\//.test(path));
  return {
    lambda,
    bytes,
    gzip: gzipSync(files['bundle.cjs'] ?? '').length,
    sdk: sdk.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0),
  };
}
