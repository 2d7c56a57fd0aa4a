import { stateCommand } from '../lib/state-command.ts'

export default stateCommand('stop')
