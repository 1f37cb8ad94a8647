import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

type Link = { readonly page: string; readonly target: string; readonly title: string | undefined };

/** Links to files of this repository; code is no link. */
function linksIn(page: string): readonly Link[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)(?:\s+"([^"]*)")?\)/g)]
    .map(([, target = '', title]) => ({ page, target, title }))
    .filter(({ target }) => !/^[a-z]+:|^#/.test(target));
}

const pathOf = ({ page, target }: Link) => join(root, dirname(page), target.replace(/#.*/, ''));

test('docs: every link to a file of this repository leads somewhere', () => {
  const links = pages.flatMap(linksIn);
  assert.ok(links.length > 3, 'there are links');
  const broken = links.filter((link) => !existsSync(pathOf(link)));
  assert.deepEqual(broken, []);
});

/** As GitHub names the heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

test('docs: every link to a section leads to a heading of that page', () => {
  const links = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    return [...text.matchAll(/\]\(([^)\s:#]*)#([^)\s]+)\)/g)].map(([, target = '', section = '']) => ({
      file: target === '' ? join(root, page) : join(root, dirname(page), target),
      section,
    }));
  });
  assert.ok(links.length > 3, 'there are links');
  const broken = links.filter(({ file, section }) => {
    const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      anchor(heading ?? ''),
    );
    return !headings.includes(section);
  });
  assert.deepEqual(broken, []);
});

test('docs: a link to a test that names it names one that is there', () => {
  const named = pages.flatMap(linksIn).filter(({ target, title }) => /\.ts$/.test(target) && title !== undefined);
  const missing = named.filter((link) => !readFileSync(pathOf(link), 'utf8').includes(link.title ?? ''));
  assert.deepEqual(missing, []);
});

test('docs: every npm script that a page tells of is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const told = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1] ?? ''),
  );
  assert.ok(told.length > 5);
  assert.deepEqual(
    [...new Set(told)].filter((script) => scripts[script] === undefined),
    [],
  );
});
