/** The profiles of AppArmor that containers run under. */

export interface AppArmor {
  /**
   * Makes sure that the profile of containers that chose none is loaded: a reload of the host's profiles removes it.
   *
   * @throws EngineError with what the parser said
   */
  ensureDefaultProfile(): Promise<void>;
}

/** The name of that profile, Docker's, which administrators write into their own rules. */
export const defaultAppArmorProfile = 'docker-default';
