import { render } from 'preact';
import { App } from './app.js';

const root = document.getElementById('inspector')!;
root.textContent = '';
render(<App />, root);
