export type { RobustnessSection, SectionChart, SectionFigure, SectionTable } from './report/sections.ts'
