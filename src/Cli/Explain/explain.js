'use strict';
(() => {
  const percent = share => (100 * share).toFixed(1) + ' %';
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // Occlusion: another class colours the same squares.
  for (const figure of document.querySelectorAll('.occlusion')) {
    const data = JSON.parse(figure.querySelector('script').textContent);
    const cells = [...figure.querySelectorAll('.cells rect')];
    const outlines = figure.querySelectorAll('.occluder');
    const width = figure.querySelector('svg').viewBox.baseVal.width, height = figure.querySelector('svg').viewBox.baseVal.height;
    const select = make('select', { ariaLabel: 'Class' }, ...data.classes.map((c, i) => make('option', { value: i, textContent: `${c.label} (${percent(c.probability)})` })));
    figure.querySelector('.class').replaceWith(select);
    select.addEventListener('change', () => {
      const { drops, probability } = data.classes[select.value];
      const most = Math.max(1e-9, ...drops.map(Math.abs));
      cells.forEach((cell, i) => {
        cell.setAttribute('class', drops[i] > 0 ? 'for' : 'against');
        cell.setAttribute('fill-opacity', (0.75 * Math.abs(drops[i]) / most).toFixed(2));
        cell.firstChild.textContent = 'covered: ' + percent(probability * Math.exp(-drops[i]));
      });
      const peak = drops.indexOf(Math.max(...drops));
      for (const outline of outlines) {
        outline.setAttribute('x', (peak % data.grid + 0.5) * width / data.grid - outline.getAttribute('width') / 2);
        outline.setAttribute('y', (Math.floor(peak / data.grid) + 0.5) * height / data.grid - outline.getAttribute('height') / 2);
      }
    });
  }

  // Attention: a query token is chosen in the first picture, the others show its keys, head by head.
  for (const viewer of document.querySelectorAll('.attention')) {
    const data = JSON.parse(viewer.querySelector('script').textContent);
    const image = new Image();
    const side = 360 / Math.max(data.width, data.height);
    const size = { width: Math.round(data.width * side), height: Math.round(data.height * side) };
    // The chosen place stays when another layer is shown; a token without a place is chosen by its number.
    const state = { layer: Math.min(1, data.layers.length - 1), y: data.y, x: data.x, leading: -1 };
    const select = make('select', { ariaLabel: 'Layer' }, ...data.layers.map((l, i) => make('option', { value: i, textContent: 'layer ' + l.name })));
    select.value = state.layer;
    const tokens = make('span', { className: 'tokens' });
    const panes = make('div', { className: 'panes' });
    const said = make('p', { className: 'said', ariaLive: 'polite' });
    viewer.append(make('div', { className: 'controls' }, select, tokens), panes, said);
    let bits, query, heads, met;

    const patches = grid => grid[0] * grid[1];
    const count = grid => patches(grid) + grid[2];
    const at = (grid, y, x) => [Math.min(grid[0] - 1, Math.floor(y * grid[0])), Math.min(grid[1] - 1, Math.floor(x * grid[1]))];
    const token = grid => {
      if (patches(grid) === 0 || (state.leading >= 0 && state.leading < grid[2])) return Math.max(0, Math.min(grid[2] - 1, state.leading));
      const [row, column] = at(grid, state.y, state.x);
      return grid[2] + row * grid[1] + column;
    };
    const pane = (className, title) => {
      const canvas = make('canvas', size);
      const figure = make('figure', { className }, make('figcaption', { textContent: title }), canvas, make('p'));
      panes.append(figure);
      return { canvas, figure, note: figure.lastChild, context: canvas.getContext('2d') };
    };
    const photo = context => {
      context.imageSmoothingEnabled = data.width > 96;
      context.drawImage(image, 0, 0, size.width, size.height);
    };
    const rectangle = (grid, patch) => {
      const row = Math.floor(patch / grid[1]), column = patch % grid[1];
      const x = Math.round(column * size.width / grid[1]), y = Math.round(row * size.height / grid[0]);
      return [x, y, Math.round((column + 1) * size.width / grid[1]) - x, Math.round((row + 1) * size.height / grid[0]) - y];
    };
    const outline = (context, [x, y, w, h]) => {
      context.lineWidth = 6;
      context.strokeStyle = '#000';
      context.strokeRect(x, y, w, h);
      context.lineWidth = 3;
      context.strokeStyle = '#ffd23f';
      context.strokeRect(x, y, w, h);
    };

    // The keys that each query meets, all or those of its window, and where its bits begin within a head's.
    const meetings = layer => {
      const all = Array.from({ length: count(layer.keys) }, (_, k) => k), windows = [];
      if (layer.windows) layer.windows.forEach((w, k) => (windows[w] ??= []).push(k));
      const keys = Array.from({ length: count(layer.queries) }, (_, q) => layer.windows ? windows[layer.windows[q]] : all);
      let pairs = 0;
      const start = keys.map(list => (pairs += list.length) - list.length);
      return { keys, start, pairs };
    };
    const draw = () => {
      const layer = data.layers[state.layer], q = token(layer.queries), n = count(layer.queries), m = count(layer.keys);
      photo(query.context);
      const placed = q >= layer.queries[2];
      const patch = q - layer.queries[2];
      if (patches(layer.queries) <= 400) {
        query.context.strokeStyle = 'rgba(255,255,255,.45)';
        query.context.lineWidth = 1;
        for (let p = 0; p < patches(layer.queries); p++) query.context.strokeRect(...rectangle(layer.queries, p));
      }
      if (placed) outline(query.context, rectangle(layer.queries, patch));
      const name = placed ? `row ${Math.floor(patch / layer.queries[1]) + 1}, column ${patch % layer.queries[1] + 1}` : layer.queries[2] > 1 ? `token ${q + 1} without a place` : 'the class token';
      query.note.textContent = name;
      query.canvas.ariaLabel = `Query: ${name} of ${layer.queries[0]} rows and ${layer.queries[1]} columns. Arrow keys move.`;
      [...tokens.children].forEach((b, i) => b.setAttribute('aria-pressed', !placed && i === q));
      const keys = met.keys[q], plane = layer.heads * met.pairs;
      const totals = heads.map((head, h) => {
        photo(head.context);
        let on = 0;
        const leading = [];
        if (layer.windows) {
          head.context.fillStyle = 'rgba(8,10,14,.94)';
          for (let k = 0; k < m; k++) if (layer.windows[k] !== layer.windows[q]) head.context.fillRect(...rectangle(layer.keys, k));
        }
        for (let at = 0; at < keys.length; at++) {
          const k = keys[at];
          let reached = 0;
          for (let j = 0; j < layer.levels; j++) {
            const i = j * plane + h * met.pairs + met.start[q] + at;
            reached += bits[i >> 3] >> (i & 7) & 1;
          }
          on += reached > 0;
          if (k < layer.keys[2]) {
            leading.push(`${layer.keys[2] > 1 ? 'token ' + (k + 1) : 'class token'} ${reached > 0 ? 'on' : 'off'}`);
          } else if (reached < layer.levels) {
            head.context.fillStyle = `rgba(8,10,14,${0.82 * (1 - reached / layer.levels)})`;
            head.context.fillRect(...rectangle(layer.keys, k - layer.keys[2]));
          }
        }
        if (placed) outline(head.context, rectangle(layer.queries, patch));
        head.note.textContent = `${on} of ${keys.length} keys` + (leading.length && leading.length < 4 ? `, ${leading.join(', ')}` : '') + (layer.states[h] ? `; ${layer.states[h]}` : '');
        head.canvas.ariaLabel = `Head ${h + 1}: ${head.note.textContent}`;
        return `head ${h + 1}: ${on}`;
      });
      said.textContent = `Layer ${layer.name}. Query ${name} attends to, of ${keys.length} keys${layer.windows ? ' of its window' : ''}: ${totals.join(', ')}.`;
    };

    const choose = event => {
      const box = query.canvas.getBoundingClientRect();
      state.x = Math.max(0, Math.min(0.9999, (event.clientX - box.left) / box.width));
      state.y = Math.max(0, Math.min(0.9999, (event.clientY - box.top) / box.height));
      state.leading = -1;
      draw();
    };
    const move = event => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      const grid = data.layers[state.layer].queries;
      if (!step || patches(grid) === 0) return;
      event.preventDefault();
      const [row, column] = at(grid, state.y, state.x);
      state.y = (Math.max(0, Math.min(grid[0] - 1, row + step[0])) + 0.5) / grid[0];
      state.x = (Math.max(0, Math.min(grid[1] - 1, column + step[1])) + 0.5) / grid[1];
      state.leading = -1;
      draw();
    };
    const show = () => {
      const layer = data.layers[state.layer];
      bits = Uint8Array.from(atob(layer.bits), c => c.charCodeAt(0));
      met = meetings(layer);
      panes.replaceChildren();
      tokens.replaceChildren(...Array.from({ length: layer.queries[2] }, (_, i) => make('button', {
        type: 'button', textContent: layer.queries[2] > 1 ? `token ${i + 1}` : 'class token', onclick: () => { state.leading = i; draw(); },
      })));
      query = pane('query', 'Query');
      query.canvas.tabIndex = 0;
      query.canvas.addEventListener('pointerdown', choose);
      query.canvas.addEventListener('keydown', move);
      heads = Array.from({ length: layer.heads }, (_, h) => pane('head', `Head ${h + 1}`));
      for (const { canvas } of [query, ...heads]) canvas.setAttribute('role', 'img');
      draw();
    };
    select.addEventListener('change', () => { state.layer = +select.value; show(); });
    image.onload = show;
    image.src = document.getElementById(data.picture).getAttribute('href');
  }
})();
