/** When an address that does not answer is left alone, and when it is asked again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plusSeconds } from '../../lib/pki/status/freshness.ts';
import { noteFetch, noteQuestion, restOf } from '../../lib/status/silent-address.ts';
import { at } from '../pki/issue.ts';
import { memoryCache } from './network.ts';

const moment = (seconds: number, negativeAge = 30) => ({ at: plusSeconds(at, seconds), negativeAge });

function silentThrice(address = 'a', negativeAge = 30) {
  const { cache } = memoryCache();
  for (const seconds of [0, 1, 2]) noteFetch(address, true, moment(seconds, negativeAge), cache);
  return cache;
}

test('pki §4: three fetches in a row without an answer, not two, and the address rests for the negative age', () => {
  const { cache } = memoryCache();
  for (const seconds of [0, 1]) {
    noteFetch('a', true, moment(seconds), cache);
    assert.equal(restOf('a', moment(seconds), cache), undefined);
  }
  noteFetch('a', true, moment(2), cache);
  assert.deepEqual(restOf('a', moment(2), cache), plusSeconds(at, 32));
  assert.deepEqual(restOf('a', moment(31), cache), plusSeconds(at, 32));
  assert.equal(restOf('a', moment(32), cache), undefined);
});

test('pki §4: an answer in between ends the row, and any answer ends the rest', () => {
  const { cache } = memoryCache();
  for (const silent of [true, true, false, true, true]) noteFetch('a', silent, moment(0), cache);
  assert.equal(restOf('a', moment(0), cache), undefined);
  const resting = silentThrice();
  noteFetch('a', false, moment(3), resting);
  assert.equal(restOf('a', moment(3), resting), undefined);
  noteFetch('a', true, moment(4), resting);
  assert.equal(restOf('a', moment(4), resting), undefined, 'it begins anew');
});

test('pki §4: after the rest one question is let through, and one more silence is enough', () => {
  const cache = silentThrice();
  assert.equal(restOf('a', moment(40), cache), undefined);
  noteQuestion('a', moment(40), cache);
  assert.deepEqual(restOf('a', moment(40), cache), plusSeconds(at, 70));
  noteFetch('a', true, moment(42), cache);
  assert.deepEqual(restOf('a', moment(43), cache), plusSeconds(at, 72));
});

test('pki §4: a question that was let through and never came back holds the others no longer than the negative age', () => {
  const cache = silentThrice();
  noteQuestion('a', moment(40), cache);
  assert.equal(restOf('a', moment(70), cache), undefined);
});

test('pki §4: addresses and tenants rest on their own', () => {
  const cache = silentThrice();
  assert.equal(restOf('b', moment(3), cache), undefined);
  assert.equal(restOf('a', moment(3), memoryCache().cache), undefined);
});

test('pki §4: a question changes nothing where there was no trouble', () => {
  const { cache } = memoryCache();
  noteQuestion('a', moment(0), cache);
  assert.equal(restOf('a', moment(0), cache), undefined);
});

test('pki §4: a policy without a negative age leaves nothing alone, and a shorter one counts at once', () => {
  assert.equal(restOf('a', moment(2, 0), silentThrice('a', 0)), undefined);
  assert.deepEqual(restOf('a', moment(2, 5), silentThrice()), plusSeconds(at, 7));
});

test('pki §4: a clock that is set back does not lengthen the rest', () => {
  assert.deepEqual(restOf('a', moment(-3_600), silentThrice()), plusSeconds(at, -3_570));
});

test('pki §4: of more than a thousand silent addresses the oldest is forgotten', () => {
  const cache = silentThrice('first');
  for (let count = 0; count < 999; count++) noteFetch(`${count}`, true, moment(3), cache);
  assert.notEqual(restOf('first', moment(3), cache), undefined);
  noteFetch('last', true, moment(3), cache);
  assert.equal(restOf('first', moment(3), cache), undefined);
});
