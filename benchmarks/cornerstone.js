// The series of a review page in cornerstone3D, for `benchmarks/viewer.py` to measure beside ours:
// the same chunks, the same decoder in a worker, a stack viewport as large as the window.

import { Enums, RenderingEngine, imageLoader, init, metaData, utilities } from '@cornerstonejs/core';

const IN_FLIGHT = 3;
const query = new URLSearchParams(location.search);
const base = `${location.origin}/api/series/${query.get('series')}`;
const told = document.documentElement.dataset;

/** Promises of the chunks' voxels, which a few requests at a time keep. */
function fetched(pixels) {
  const worker = new Worker(`${location.origin}/${query.get('assets')}/decoder.js`, { type: 'module' });
  const chunks = Array.from({ length: pixels.chunks }, () => Promise.withResolvers());
  let next = 0;
  const ask = () => {
    if (next === pixels.chunks) return;
    worker.postMessage({ number: next, url: `${base}/chunks/${next}?volume=${pixels.volume}` });
    next += 1;
  };
  worker.onmessage = ({ data }) => {
    chunks[data.number].resolve(data.voxels);
    ask();
  };
  for (let i = 0; i < IN_FLIGHT; i++) ask();
  return chunks.map(({ promise }) => promise);
}

function imageOf(imageId, scalarData, { rows, columns, spacing_mm }) {
  return {
    imageId,
    ...{ rows, columns, height: rows, width: columns, color: false, rgba: false, numberOfComponents: 1 },
    ...{ rowPixelSpacing: spacing_mm[1], columnPixelSpacing: spacing_mm[2], invert: false },
    ...{ slope: 1, intercept: 0, windowCenter: -600, windowWidth: 1500 },
    ...{ minPixelValue: -1024, maxPixelValue: 3071, sizeInBytes: scalarData.byteLength },
    ...{ dataType: 'Int16Array', getPixelData: () => scalarData },
    voiLUTFunction: 'LINEAR',
    voxelManager: utilities.VoxelManager.createImageVoxelManager({
      ...{ height: rows, width: columns, numberOfComponents: 1, scalarData },
    }),
  };
}

function moduleOf(series, name, imageId) {
  const [slice, row, column] = series.spacing_mm;
  const { rows, columns } = series;
  if (name === 'imagePixelModule') {
    const bits = { bitsAllocated: 16, bitsStored: 16, highBit: 15, pixelRepresentation: 1 };
    return { ...bits, rows, columns, samplesPerPixel: 1, photometricInterpretation: 'MONOCHROME2' };
  }
  if (name === 'imagePlaneModule') {
    return {
      ...{ rows, columns, rowPixelSpacing: row, columnPixelSpacing: column, pixelSpacing: [row, column] },
      ...{ rowCosines: [1, 0, 0], columnCosines: [0, 1, 0], imageOrientationPatient: [1, 0, 0, 0, 1, 0] },
      ...{ imagePositionPatient: [0, 0, slice * Number(imageId.split(':')[1])], frameOfReferenceUID: '1' },
    };
  }
  return name === 'generalSeriesModule' ? { modality: 'CT' } : undefined;
}

async function main() {
  const { series, pixels } = await (await fetch(base)).json();
  const chunks = fetched(pixels);
  Promise.all(chunks).then(() => (told.all = String(performance.now())));
  await init();
  const size = series.rows * series.columns;
  const load = async (imageId) => {
    const slice = Number(imageId.split(':')[1]);
    const voxels = await chunks[Math.floor(slice / pixels.chunk_slices)];
    const start = (slice % pixels.chunk_slices) * size;
    return imageOf(imageId, voxels.subarray(start, start + size), series);
  };
  imageLoader.registerImageLoader('slice', (imageId) => ({ promise: load(imageId) }));
  metaData.addProvider((name, imageId) => moduleOf(series, name, String(imageId)), 10000);
  const element = document.querySelector('#view');
  element.addEventListener(Enums.Events.IMAGE_RENDERED, () => (told.first ??= String(performance.now())));
  const engine = new RenderingEngine('engine');
  engine.enableElement({ viewportId: 'view', type: Enums.ViewportType.STACK, element });
  const viewport = engine.getViewport('view');
  await viewport.setStack(Array.from({ length: series.slices }, (_, slice) => `slice:${slice}`), 0);
  viewport.render();
  listen(element, viewport, series.slices);
}

function listen(element, viewport, slices) {
  let slice = 0;
  element.addEventListener('wheel', (event) => {
    slice = Math.min(Math.max(slice + Math.sign(event.deltaY), 0), slices - 1);
    viewport.setImageIdIndex(slice);
  });
  element.addEventListener('contextmenu', (event) => event.preventDefault());
  element.addEventListener('mousemove', ({ buttons, movementX }) => {
    if (buttons !== 2) return;
    const { lower, upper } = viewport.getProperties().voiRange;
    viewport.setProperties({ voiRange: { lower: lower - movementX, upper: upper + movementX } });
    viewport.render();
  });
}

main();
