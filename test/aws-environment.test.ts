import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAwsEnvironment } from '../lib/aws-environment.ts';

const lambda = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  AWS_SESSION_TOKEN: 'IQoJb3JpZ2luX2VjE+/=',
};

test('aws §5: the environment that Lambda makes is read as it is', () => {
  assert.deepEqual(parseAwsEnvironment(lambda), {
    region: 'eu-central-1',
    credentials: {
      accessKeyId: lambda.AWS_ACCESS_KEY_ID,
      secretAccessKey: lambda.AWS_SECRET_ACCESS_KEY,
      sessionToken: lambda.AWS_SESSION_TOKEN,
    },
    endpoints: {},
  });
});

test('local §4: an emulator’s endpoints are origins, for all services and for one', () => {
  const { endpoints } = parseAwsEnvironment({
    ...lambda,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_ENDPOINT_URL_DYNAMODB: 'https://[::1]:8000/',
    AWS_ENDPOINT_URL_KMS: '',
  });
  assert.deepEqual(endpoints, { all: 'http://127.0.0.1:4566', dynamodb: 'https://[::1]:8000' });
});

test('house style §6: every variable that is missing is named, in one Error', () => {
  assert.throws(() => parseAwsEnvironment({}), /AWS_REGION: .*\n.*AWS_ACCESS_KEY_ID: .*\n.*AWS_SECRET_ACCESS_KEY: /);
});

test('house style §6: a variable that cannot be right is named, and its value is not told', () => {
  const wrong = {
    AWS_REGION: 'evil.example/?',
    AWS_ACCESS_KEY_ID: 'key with spaces',
    AWS_SECRET_ACCESS_KEY: 'two\nlines',
    AWS_SESSION_TOKEN: 'tok\r\nx-injected: 1',
    AWS_ENDPOINT_URL: 'ftp://evil.example',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://user:secret@evil.example',
    AWS_ENDPOINT_URL_KMS: 'http://evil.example/path?query',
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(
      () => parseAwsEnvironment({ ...lambda, [name]: value }),
      (error: Error) => error.message.includes(`${name}: `) && !error.message.includes(value),
      name,
    );
  }
});
