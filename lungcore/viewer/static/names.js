// Names of people.

/** A DICOM person name (PS3.5 6.2.1) as people write it: alphabetic, and ideographic behind it. @param {string} name */
export function personName(name) {
  const [alphabetic, ideographic] = name.split('=').slice(0, 2).map(nameGroup);
  return alphabetic && ideographic ? `${alphabetic} (${ideographic})` : alphabetic || ideographic || '';
}

/** @param {string} group */
function nameGroup(group) {
  const [family = '', ...others] = group.split('^').filter(Boolean);
  if (/\p{Script=Han}/u.test(group)) return [family, ...others].join('');
  return others.length ? `${family}, ${others.join(' ')}` : family;
}
