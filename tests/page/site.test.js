// Every page of a site, in a real browser: links, tabs, copy, folds, plots, console, requests, axe, weight.
import { createServer } from 'node:http';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { chromium } from 'playwright-core';

const [site, shots] = process.argv.slice(2);
const HEAVIEST = 300_000;
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.png': 'image/png' };
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let failures = 0;
let checks = 0;

function expect(holds, what) {
  checks += 1;
  if (!holds) {
    failures += 1;
    console.error(`FAILED  ${what}`);
  }
}

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const server = createServer((request, response) => {
  const path = join(site, decodeURIComponent(new URL(request.url, 'http://x').pathname));
  try {
    const file = statSync(path).isDirectory() ? join(path, 'index.html') : path;
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const profile = mkdtempSync(join(tmpdir(), 'guide-page-'));
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: flags,
  permissions: ['clipboard-read', 'clipboard-write'],
});

async function open(path, options = {}) {
  const page = await browser.newPage();
  const seen = { errors: [], outside: [], bytes: 0, missing: [] };
  page.on('console', (message) => { if (message.type() === 'error') seen.errors.push(message.text()); });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:')) seen.outside.push(url);
  });
  page.on('response', async (response) => {
    if (response.status() >= 400) seen.missing.push(response.url());
    try { seen.bytes += (await response.body()).length; } catch { /* a redirect has none */ }
  });
  // Counted as a first visit: nothing from the cache.
  await page.route('**/*', (route) => route.continue());
  if (options.width) await page.setViewportSize({ width: options.width, height: options.height ?? 900 });
  if (options.scheme) await page.emulateMedia({ colorScheme: options.scheme });
  await page.goto(`${origin}/${path}`, { waitUntil: 'networkidle' });
  return { page, seen };
}

async function checkLinks(page, path) {
  const links = await page.$$eval('a[href]', (all) => all.map((a) => a.href));
  for (const link of new Set(links)) {
    if (!link.startsWith(origin)) continue;
    const url = new URL(link);
    let text;
    try {
      const file = join(site, decodeURIComponent(url.pathname));
      text = readFileSync(statSync(file).isDirectory() ? join(file, 'index.html') : file, 'utf8');
    } catch {
      expect(false, `${path}: link to ${url.pathname} leads nowhere`);
      continue;
    }
    const anchor = decodeURIComponent(url.hash.slice(1));
    expect(!anchor || text.includes(`id="${anchor}"`), `${path}: link to ${url.pathname}${url.hash}: no such anchor`);
  }
}

async function checkTabs(page, path) {
  const group = page.locator('.g-tabs').first();
  if ((await group.count()) === 0) return 0;
  const tabs = group.locator(':scope > .g-tablist > button');
  const picks = await tabs.evaluateAll((all) => all.map((tab) => tab.dataset.pick));
  await tabs.nth(1).click();
  const shown = await group.locator(':scope > [data-profile]').evaluateAll((all) => all.filter((one) => !one.hidden).map((one) => one.dataset.profile));
  expect(shown.length === 1 && shown[0] === picks[1], `${path}: the second tab shows its pane only (${shown})`);
  await page.reload({ waitUntil: 'networkidle' });
  const again = await page.locator('.g-tabs').first().locator(':scope > [data-profile]').evaluateAll((all) => all.filter((one) => !one.hidden).map((one) => one.dataset.profile));
  expect(again[0] === picks[1], `${path}: the choice is remembered (${again})`);
  await page.evaluate(() => localStorage.removeItem('guide-profile'));
  return 1;
}

async function checkCopy(page, path) {
  const step = page.locator('.g-step:has(.g-commands):not([hidden])').first();
  if ((await step.count()) === 0) return 0;
  const button = step.locator('.g-copy');
  expect(await button.isVisible(), `${path}: a step has a copy button`);
  await button.click();
  const [copied, commands] = [await page.evaluate(() => navigator.clipboard.readText()), await step.locator('.g-commands code').textContent()];
  expect(copied === `${commands}\n`, `${path}: copy takes the commands and nothing else (${JSON.stringify(copied.slice(0, 60))})`);
  return 1;
}

async function checkFolds(page, path) {
  const fold = page.locator('details.g-long').first();
  if ((await fold.count()) === 0) return 0;
  if (!(await fold.locator('summary').isVisible())) return 0;
  expect(!(await fold.locator('pre').isVisible()), `${path}: a long output is folded`);
  await fold.locator('summary').click();
  expect(await fold.locator('pre').isVisible(), `${path}: and unfolds`);
  return 1;
}

async function checkPlots(page, path) {
  const bad = await page.$$eval('.g-picture svg', (all) => all.filter((svg) => {
    const box = svg.getBoundingClientRect();
    const hidden = svg.closest('[hidden]') !== null;
    return !svg.querySelector('title')?.textContent || (!hidden && (box.width < 100 || box.height < 20)) || /NaN/.test(svg.outerHTML);
  }).length);
  expect(bad === 0, `${path}: every picture is drawn and titled (${bad} are not)`);
  return page.locator('.g-picture svg').count();
}

// Nodes and what is on them: described, and no name runs out of its box.
async function checkShapes(page, path, how) {
  const bad = await page.$$eval('.g-shape', (all) => all.filter((shape) => {
    const right = shape.getBoundingClientRect().right + 1;
    const out = [...shape.querySelectorAll('.g-chip, .g-node')].some((box) => box.getBoundingClientRect().right > right);
    return out || !shape.getAttribute('aria-label') || !shape.querySelector('.g-node');
  }).length);
  expect(bad === 0, `${path} (${how}): every shape of the cluster fits and is described (${bad} are not)`);
  return page.locator('.g-shape').count();
}

// A rendered manifest stands beside its template, or under it where there is no room.
async function checkSides(page, path, beside) {
  const places = await page.$$eval('.g-sides', (all) => all.filter((one) => one.getBoundingClientRect().height > 0)
    .map((one) => [...one.children].map((side) => side.getBoundingClientRect()).map(({ x, y }) => ({ x, y }))));
  const wrong = places.filter(([left, right]) => (beside ? Math.abs(left.y - right.y) > 1 || right.x <= left.x : right.y <= left.y));
  expect(wrong.length === 0, `${path}: ${beside ? 'manifests stand beside' : 'on a phone manifests stand under'} their templates (${wrong.length} do not)`);
  return places.length;
}

async function checkSearch(page, path) {
  await page.click('#mdbook-search-toggle');
  await page.locator('#mdbook-searchbar').waitFor();
  await page.locator('#mdbook-searchbar').pressSequentially('cluster');
  const found = page.locator('#mdbook-searchresults a').first();
  await found.waitFor({ timeout: 10_000 }).catch(() => {});
  expect((await found.count()) > 0, `${path}: the search finds something`);
}

async function checkAxe(page, path, how) {
  // A page without steps carries nothing of guide's, and so is mdBook's own.
  if (!(await page.$('[class^="g-"], [class*=" g-"]'))) {
    console.log(`note: ${path} (${how}): nothing of guide's is on this page, so axe is not asked`);
    return;
  }
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const serious = found.violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  for (const one of serious) {
    expect(false, `${path} (${how}): axe ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`);
  }
  expect(serious.length === 0, `${path} (${how}): axe finds nothing serious`);
}

async function withoutScript(path) {
  const context = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  const page = await (await context.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(`${origin}/${path}`);
  const hidden = await page.locator('.g-tabs > [data-profile]').evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height === 0).length).catch(() => 0);
  const panes = await page.locator('.g-tabs > [data-profile]').count();
  expect(hidden === 0, `${path}: without scripts all profiles are shown (${hidden} of ${panes} are not)`);
  await context.close();
}

const pages = files(site).filter((file) => file.endsWith('.html')).map((file) => relative(site, file))
  .filter((path) => !['toc.html', 'print.html', '404.html'].includes(path))
  .filter((path) => path.includes(process.env.PAGES ?? ''));
const totals = { tabs: 0, copy: 0, folds: 0, pictures: 0, sides: 0, heaviest: 0 };
async function onDesktop(path) {
  const { page, seen } = await open(path, { width: 1280 });
  expect(seen.bytes < HEAVIEST, `${path}: ${seen.bytes} bytes, at most ${HEAVIEST}`);
  totals.heaviest = Math.max(totals.heaviest, seen.bytes);
  await checkLinks(page, path);
  totals.pictures += await checkPlots(page, path) + await checkShapes(page, path, 'desktop');
  totals.sides += await checkSides(page, path, true);
  await checkAxe(page, path, 'light');
  totals.folds += await checkFolds(page, path);
  totals.copy += await checkCopy(page, path);
  totals.tabs += await checkTabs(page, path);
  expect(seen.errors.length === 0, `${path}: nothing on the console (${seen.errors.slice(0, 3)})`);
  expect(seen.outside.length === 0, `${path}: nothing is asked of another server (${seen.outside.slice(0, 3)})`);
  expect(seen.missing.length === 0, `${path}: nothing is missing (${seen.missing.slice(0, 3)})`);
  await page.close();
}

async function inTheDark(path) {
  const { page } = await open(path, { width: 1280, scheme: 'dark' });
  await checkAxe(page, path, 'dark');
  await page.close();
}

async function onPhone(path) {
  const { page } = await open(path, { width: 390, height: 844 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wide <= 1, `${path}: fits a phone (${wide} px too wide)`);
  await checkShapes(page, path, 'phone');
  await checkSides(page, path, false);
  await page.close();
}

for (const path of pages) await Promise.all([onDesktop(path), inTheDark(path), onPhone(path)]);
for (const path of pages.slice(0, 3)) await withoutScript(path);
const { page: searched } = await open(pages[0], { width: 1280 });
await checkSearch(searched, pages[0]);
await searched.close();

if (shots) {
  mkdirSync(shots, { recursive: true });
  for (const path of pages) {
    const name = path.replace(/[/.]/g, '-');
    for (const [how, options] of Object.entries({ desktop: { width: 1280 }, phone: { width: 390, height: 844 }, dark: { width: 1280, scheme: 'dark' } })) {
      const { page } = await open(path, options);
      await page.screenshot({ path: join(shots, `${name}-${how}.png`), fullPage: true });
      if (how === 'desktop') {
        await page.emulateMedia({ media: 'print' });
        await page.screenshot({ path: join(shots, `${name}-print.png`), fullPage: true });
      }
      await page.close();
    }
  }
}
await browser.close();
server.close();
rmSync(profile, { recursive: true, force: true });
console.log(`${pages.length} pages, ${checks} checks, ${failures} failed; pages with tabs ${totals.tabs}, copy ${totals.copy}, folds ${totals.folds}; ${totals.pictures} pictures, ${totals.sides} manifests beside their templates; heaviest page ${totals.heaviest} bytes`);
process.exit(failures === 0 ? 0 : 1);
