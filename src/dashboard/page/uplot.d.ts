import uPlot from 'uplot';

/** The build puts the library beside the page's own scripts under this name. */
export default uPlot;
