// The worklist: filters, table, pager, and uploads dropped anywhere on the page.
// @ts-check
import { Activity } from './activity.js';
import { collect } from './dropped.js';
import { button, element, translator } from './dom.js';
import { fillTable, tableHead } from './table.js';

const SEARCH_DELAY_MS = 250;
const REFRESH_MS = 1500;
const STATES = ['imported', 'detecting', 'ready', 'in_review', 'signed'];
const VERDICTS = ['accept', 'warn', 'refuse'];
const VIEW_KEY = 'lungcore.worklist.view';

/** @type {WeakMap<Element, {list: Worklist, calls: number}>} Kept over reruns of the page. */
const mounted = new WeakMap();

/**
 * Called at every run of the page with the same parent element. Returns what takes the worklist
 * away, which does so only when no later call has taken it over.
 */
export function mount(component) {
  const parent = component.parentElement;
  let entry = mounted.get(parent);
  if (entry) entry.list.update(component);
  else {
    const root = element('div', { class: 'worklist', 'data-worklist': '' });
    const style = new URL('style.css', import.meta.url).href;
    parent.replaceChildren(element('link', { rel: 'stylesheet', href: style }), root);
    entry = { list: new Worklist(root, component), calls: 0 };
    mounted.set(parent, entry);
  }
  const own = entry;
  const call = ++own.calls;
  return () => {
    if (own.calls !== call) return;
    own.list.destroy();
    mounted.delete(parent);
    parent.replaceChildren();
  };
}

/** One worklist in one page. Python sends rows; the reader's view of them goes back as state. */
class Worklist {
  constructor(root, component) {
    this.root = root;
    this.t = translator(component.data.texts);
    this.view = { ...component.data.view };
    this.build();
    this.activity = new Activity(this.slot.activity, this.t, () => this.refresh(), (uid) => this.open(uid));
    this.update(component);
    this.listen();
    this.restoreView();
    this.activity.resume();
  }

  /** Python ran again: show what it sent. */
  update(component) {
    this.component = component;
    const { rows, total, pages, empty } = component.data;
    this.root.classList.toggle('is-empty', empty);
    this.slot.total.textContent = this.t('found', { n: total });
    tableHead(this.slot.head, this.view, this.t, (key) => this.sortBy(key));
    fillTable(this.slot.body, rows, this.t, (uid) => this.open(uid));
    this.slot.nothing.hidden = total > 0 || empty;
    this.showPager(pages);
    this.showChips();
    clearTimeout(this.timer);
    if (rows.some((row) => row.state === 'detecting')) {
      this.timer = setTimeout(() => this.refresh(), REFRESH_MS);
    }
  }

  destroy() {
    clearTimeout(this.timer);
    this.stopListening.abort();
    this.activity.destroy();
  }

  build() {
    const t = this.t;
    const chips = (group, names) =>
      element('div', { class: 'chips', role: 'group', 'aria-label': t(`column_${group}`) },
        names.map((name) => button(t(`${group}_${name}`), () => this.toggle(group, name),
          { class: `chip ${group}-${name}`, 'data-filter': `${group}:${name}`, 'aria-pressed': 'false' })));
    const picker = (attributes) => {
      const input = element('input', { type: 'file', multiple: '', hidden: '', ...attributes });
      input.addEventListener('change', () => {
        this.activity.upload([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
        input.value = '';
      });
      return input;
    };
    const files = picker({ 'data-input': 'files' });
    const folder = picker({ webkitdirectory: '', 'data-input': 'folder' });
    const phantom = () => button(t('try_phantom'), () => this.activity.phantom(), { class: 'quiet', 'data-action': 'phantom' });
    this.slot = {
      total: element('span', { class: 'total' }),
      search: element('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search') }),
      activity: element('div', { class: 'activity', 'aria-live': 'polite' }),
      head: element('thead'),
      body: element('tbody'),
      nothing: element('p', { class: 'nothing', hidden: '' },
        [t('nothing_matches'), ' ', button(t('clear_filters'), () => this.clear(), { class: 'quiet' })]),
      pager: element('div', { class: 'pager' }),
      position: element('span'),
    };
    this.slot.previous = button('‹', () => this.turn(-1), { 'aria-label': t('previous') });
    this.slot.next = button('›', () => this.turn(1), { 'aria-label': t('next') });
    this.slot.pager.append(this.slot.previous, this.slot.position, this.slot.next);
    this.root.append(
      element('header', {}, [
        element('h1', {}, [t('title')]), this.slot.total, this.slot.search,
        element('span', { class: 'spring' }), files, folder,
        button(t('upload_files'), () => files.click(), { class: 'main', 'data-action': 'upload-files' }),
        button(t('upload_folder'), () => folder.click(), { 'data-action': 'upload-folder' }),
      ]),
      element('div', { class: 'filters' }, [chips('state', STATES), chips('verdict', VERDICTS)]),
      this.slot.activity,
      element('section', { class: 'welcome' }, [
        element('h2', {}, [t('empty_title')]), element('p', {}, [t('empty_text')]),
        element('p', {}, [t('empty_phantom')]), phantom(),
      ]),
      element('div', { class: 'rows' }, [element('table', {}, [this.slot.head, this.slot.body])]),
      this.slot.nothing, this.slot.pager,
      element('div', { class: 'dropzone' }, [t('drop_here')]),
    );
  }

  listen() {
    this.stopListening = new AbortController();
    const on = (target, kind, handler) => target.addEventListener(kind, handler, { signal: this.stopListening.signal });
    on(this.slot.search, 'input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.show({ search: this.slot.search.value, page: 1 }), SEARCH_DELAY_MS);
    });
    const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');
    on(document, 'dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.root.classList.add('is-dropping');
    });
    on(document, 'dragleave', (event) => {
      if (event.relatedTarget === null) this.root.classList.remove('is-dropping');
    });
    on(document, 'drop', async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.root.classList.remove('is-dropping');
      this.activity.upload(await collect(event.dataTransfer));
    });
  }

  restoreView() {
    const kept = sessionStorage.getItem(VIEW_KEY);
    if (kept && kept !== JSON.stringify(this.view)) this.show(JSON.parse(kept));
    this.slot.search.value = this.view.search;
  }

  show(change) {
    this.view = { ...this.view, ...change };
    sessionStorage.setItem(VIEW_KEY, JSON.stringify(this.view));
    this.component.setStateValue('view', this.view);
  }

  refresh() {
    this.component.setTriggerValue('refresh', true);
  }

  open(seriesUid) {
    this.component.setTriggerValue('open', seriesUid);
  }

  sortBy(key) {
    const descending = this.view.sort === key ? !this.view.descending : key !== 'patient_name';
    this.show({ sort: key, descending, page: 1 });
  }

  turn(step) {
    this.show({ page: this.component.data.view.page + step });
  }

  toggle(group, name) {
    const field = `${group}s`;
    const chosen = new Set(this.view[field]);
    if (!chosen.delete(name)) chosen.add(name);
    this.show({ [field]: [...chosen], page: 1 });
  }

  clear() {
    this.slot.search.value = '';
    this.show({ search: '', states: [], verdicts: [], page: 1 });
  }

  showChips() {
    for (const chip of this.root.querySelectorAll('[data-filter]')) {
      const [group, name] = chip.dataset.filter.split(':');
      chip.setAttribute('aria-pressed', String(this.view[`${group}s`].includes(name)));
    }
  }

  showPager(pages) {
    const page = this.component.data.view.page;
    this.slot.pager.hidden = pages < 2;
    this.slot.position.textContent = this.t('page', { page, pages });
    this.slot.previous.disabled = page <= 1;
    this.slot.next.disabled = page >= pages;
  }
}
