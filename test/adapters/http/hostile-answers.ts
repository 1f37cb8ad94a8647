import type { Socket } from 'node:net';
import type { FetchFailure } from '../../../lib/status/ports.ts';
import { drip, pour } from './hostile-server.ts';

export const mebibyte = 1024 * 1024;
/** An answer from its first line on. */
export const respond = (head: string, body = '') => `HTTP/1.1 ${head}\r\n\r\n${body}`;

/** What servers do, and what every guarded fetch makes of it. */
export type Hostile = {
  readonly what: string;
  readonly behave: (socket: Socket) => void;
  readonly reason: FetchFailure['reason'];
  readonly detail: RegExp;
  readonly timeout?: number;
};

export const hostile: readonly Hostile[] = [
  ...[301, 302, 303, 307, 308].map(
    (status): Hostile => ({
      what: `a ${status} redirect`,
      behave: (socket) => socket.end(respond(`${status} Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0`)),
      reason: 'http_status',
      detail: new RegExp(`the status is ${status}, and no redirect is followed`),
    }),
  ),
  ...[201, 204, 206, 304, 400, 404, 429, 500, 503].map(
    (status): Hostile => ({
      what: `status ${status}`,
      behave: (socket) => socket.write(respond(`${status} Status\r\nContent-Length: 0`)),
      reason: 'http_status',
      detail: new RegExp(`the status is ${status}`),
    }),
  ),
  {
    what: 'an error page that never ends',
    behave: (socket) => {
      socket.write(respond('500 Oops'));
      pour(socket, 200 * mebibyte, (piece) => piece);
    },
    reason: 'http_status',
    detail: /the status is 500/,
  },
  {
    what: 'a Content-Length over the limit',
    behave: (socket) => socket.write(respond('200 OK\r\nContent-Length: 65537', 'x')),
    reason: 'too_large',
    detail: /larger than 65536 bytes/,
  },
  {
    what: 'one byte more than the limit',
    behave: (socket) => socket.end(respond('200 OK', 'x'.repeat(65_537))),
    reason: 'too_large',
    detail: /larger than 65536 bytes/,
  },
  {
    what: 'headers that do not come',
    behave: () => {},
    reason: 'timeout',
    detail: /no complete answer within 60 ms/,
    timeout: 60,
  },
  {
    what: 'headers that trickle',
    behave: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'x-slow: 1\r\n');
    },
    reason: 'timeout',
    detail: /no complete answer within 60 ms/,
    timeout: 60,
  },
  {
    what: 'interim responses without end',
    behave: (socket) => drip(socket, respond('103 Early Hints')),
    reason: 'timeout',
    detail: /no complete answer within 60 ms/,
    timeout: 60,
  },
  {
    what: 'a body that trickles',
    behave: (socket) => {
      socket.write(respond('200 OK\r\nContent-Length: 60000'));
      drip(socket, 'x');
    },
    reason: 'timeout',
    detail: /no complete answer within 60 ms/,
    timeout: 60,
  },
  {
    what: 'a body that stops',
    behave: (socket) => socket.write(respond('200 OK\r\nContent-Length: 2', 'x')),
    reason: 'timeout',
    detail: /no complete answer within 60 ms/,
    timeout: 60,
  },
  {
    what: 'a connection reset before the answer',
    behave: (socket) => socket.resetAndDestroy(),
    reason: 'network',
    detail: /ECONNRESET/,
  },
  {
    what: 'a connection reset within the body',
    behave: (socket) => socket.write(respond('200 OK\r\nContent-Length: 2', 'x'), () => socket.resetAndDestroy()),
    reason: 'network',
    detail: /ECONNRESET/,
  },
  {
    what: 'a connection closed before the answer',
    behave: (socket) => socket.end(),
    reason: 'network',
    detail: /ECONNRESET/,
  },
  {
    what: 'a body shorter than its Content-Length',
    behave: (socket) => socket.end(respond('200 OK\r\nContent-Length: 100', 'short')),
    reason: 'network',
    detail: /ECONNRESET/,
  },
  {
    what: 'chunks that stop before the last',
    behave: (socket) => socket.end(respond('200 OK\r\nTransfer-Encoding: chunked', '5\r\nshort\r\n')),
    reason: 'network',
    detail: /ECONNRESET/,
  },
  {
    what: 'an answer that is no HTTP',
    behave: (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'),
    reason: 'network',
    detail: /HPE_/,
  },
  {
    what: 'two Content-Lengths',
    behave: (socket) => socket.end(respond('200 OK\r\nContent-Length: 1\r\nContent-Length: 2', 'xx')),
    reason: 'network',
    detail: /HPE_/,
  },
  {
    what: 'headers of 200 KiB',
    behave: (socket) => socket.end(respond(`200 OK\r\nx-long: ${'x'.repeat(200 * 1024)}`)),
    reason: 'network',
    detail: /HPE_HEADER_OVERFLOW/,
  },
  {
    what: 'a protocol upgrade',
    behave: (socket) => socket.write(respond('101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket')),
    reason: 'network',
    detail: /127\.0\.0\.1/,
  },
  {
    what: 'a compressed body',
    behave: (socket) => socket.end(respond('200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1', 'x')),
    reason: 'network',
    detail: /encoded although no encoding was asked for/,
  },
];
