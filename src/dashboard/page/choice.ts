import { remember, remembered } from './dom.js';

/** A group of radio buttons whose choice is saved in the browser. @returns the initial choice */
export function choice(name: string, otherwise: string, onChange: (value: string) => void): string {
  const inputs = [...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)];
  const kept = remembered(name);
  const chosen = inputs.find(({ value }) => value === kept) ?? inputs.find(({ value }) => value === otherwise)!;
  chosen.checked = true;
  for (const input of inputs)
    input.addEventListener('change', () => {
      remember(name, input.value);
      onChange(input.value);
    });
  return chosen.value;
}
