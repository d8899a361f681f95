"""Places that steer git, CI, hooks, agents or editors, and files that say what is installed: data, by kind."""

from __future__ import annotations

from typing import TypeAlias

#: (gitignore patterns, the folder a pattern's literal part must lie in; None: it must name the file itself).
Place: TypeAlias = tuple[tuple[str, ...], str | None]

_GITHUB: tuple[Place, ...] = (
    (("/.github/workflows/",), ".github/workflows/"),
    (("/.github/actions/",), ".github/actions/"),
    (("/.github/",), None),
)

#: What git reads from a tree, and who has to agree to a change.
_GIT: tuple[str, ...] = (
    ".gitattributes",
    ".gitmodules",
    ".gitconfig",
    ".lfsconfig",
    ".mailmap",
    ".git-blame-ignore-revs",
    "CODEOWNERS",
)

#: What CI systems run, and what merges by itself.
_CI: tuple[str, ...] = (
    "/.gitlab-ci.yml",
    "action.yml",
    "action.yaml",
    "Jenkinsfile",
    "/.travis.yml",
    "/azure-pipelines.yml",
    "/azure-pipelines.yaml",
    "/bitbucket-pipelines.yml",
    "/.woodpecker.yml",
    "/.woodpecker.yaml",
    "/.drone.yml",
    "/.drone.star",
    "/.cirrus.yml",
    "/.cirrus.star",
    "/.appveyor.yml",
    "/appveyor.yml",
    "/.build.yml",
    "/buildspec.yml",
    "/buildspec.yaml",
    "/cloudbuild.yaml",
    "/cloudbuild.yml",
    "/codemagic.yaml",
    "/renovate.json",
    "/renovate.json5",
    "/.renovaterc",
    "/.renovaterc.json",
    "/.mergify.yml",
    "/.zuul.yaml",
    ".gitpod.yml",
)
_CI_FOLDERS: tuple[str, ...] = (
    "/.gitlab/",
    "/.gitea/",
    "/.forgejo/",
    "/.circleci/",
    "/.woodpecker/",
    "/.buildkite/",
    "/.semaphore/",
)
_CI_FOLDERS += ("/.azure-pipelines/", "/.teamcity/", "/.tekton/", "/.builds/", "/.mergify/")
_CI_FOLDERS += ("/.azuredevops/", "/.zuul.d/")

#: What runs when somebody commits.
_HOOKS: tuple[str, ...] = (
    "/.pre-commit-config.yaml",
    "/.pre-commit-config.yml",
    "/.pre-commit-hooks.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    "lefthook.toml",
    "lefthook.json",
    "lefthook-local.yml",
    ".lefthook.yml",
    ".lefthook.yaml",
    ".lefthook-local.yml",
    ".overcommit.yml",
    ".huskyrc",
    ".huskyrc.*",
    ".lintstagedrc",
    ".lintstagedrc.*",
    ".simple-git-hooks.*",
)
_HOOK_FOLDERS: tuple[str, ...] = (
    ".husky/",
    "/.githooks/",
    "/.git-hooks/",
    "/.hooks/",
    ".lefthook/",
    ".lefthook-local/",
)

#: What agents take for instructions, and what they may do.
_AGENTS: tuple[str, ...] = (
    "/agentos.toml",
    "AGENTS.md",
    "AGENTS.override.md",
    "AGENT.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    "QWEN.md",
    "CRUSH.md",
    "WARP.md",
    "copilot-instructions.md",
    ".cursorrules",
    ".cursorignore",
    ".windsurfrules",
    ".clinerules",
    ".clineignore",
    ".roorules*",
    ".rooignore",
    ".roomodes",
    ".continuerules",
    ".goosehints",
    ".augment-guidelines",
    ".aider*",
    ".rules",
    ".mcp.json",
    "opencode.json",
    "opencode.jsonc",
    ".crush.json",
    "crush.json",
)
_AGENT_FOLDERS: tuple[str, ...] = (
    "/.agentos/",
    ".agents/",
    ".agent/",
    ".claude/",
    ".codex/",
    ".gemini/",
    ".qwen/",
    ".opencode/",
)
_AGENT_FOLDERS += (".cursor/", ".windsurf/", ".clinerules/", ".cline/", ".roo/", ".kilocode/", ".kiro/", ".junie/")
_AGENT_FOLDERS += (".continue/", ".augment/", ".amazonq/", ".openhands/", ".trae/")

#: What editors and shells run or obey when somebody opens the folder.
_EDITORS: tuple[str, ...] = (
    ".envrc",
    "mise.toml",
    ".mise.toml",
    "mise.local.toml",
    ".tool-versions",
    ".exrc",
    ".vimrc",
    "_vimrc",
    ".gvimrc",
    ".nvimrc",
    ".nvim.lua",
    ".Rprofile",
    ".ghci",
    ".gdbinit",
    ".lldbinit",
    ".pdbrc",
    ".irbrc",
    ".pryrc",
    "*.code-workspace",
    ".dir-locals.el",
    ".devcontainer.json",
)
_EDITOR_FOLDERS: tuple[str, ...] = (".vscode/", ".devcontainer/", ".idea/", ".zed/", ".idx/", ".mise/")


def _folders(*patterns: str) -> tuple[Place, ...]:
    return tuple(((pattern,), pattern.removeprefix("/")) for pattern in patterns)


PROTECTED: tuple[Place, ...] = (
    *_GITHUB,
    *_folders(*_CI_FOLDERS, *_HOOK_FOLDERS, *_AGENT_FOLDERS, *_EDITOR_FOLDERS),
    ((*_GIT, *_CI, *_HOOKS, *_AGENTS, *_EDITORS), None),
)

_PYTHON: tuple[str, ...] = (
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "requirements*.txt",
    "requirements*.in",
    "requirements/*.txt",
)
_PYTHON += ("constraints*.txt", "Pipfile", "Pipfile.lock", "poetry.lock", "pdm.lock", "uv.lock", "uv.toml")
_PYTHON += ("pylock*.toml", "environment.yml", "environment.yaml", "pip.conf", "hatch_build.py")
_NODE: tuple[str, ...] = (
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "**/binding.gyp",
)
_NODE += ("pnpm-workspace.yaml", "bun.lock", "bun.lockb", "bunfig.toml", "deno.json", "deno.jsonc", "deno.lock")
_NODE += (".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".pnp.cjs", ".pnp.loader.mjs")
_NATIVE: tuple[str, ...] = (
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "rust-toolchain",
    "rust-toolchain.toml",
    "go.mod",
    "go.sum",
)
_NATIVE += (
    "go.work",
    "go.work.sum",
    "conanfile.py",
    "conanfile.txt",
    "vcpkg.json",
    "Package.swift",
    "Package.resolved",
)
_NATIVE += ("Podfile", "Podfile.lock", "*.podspec", "MODULE.bazel", "MODULE.bazel.lock", "WORKSPACE", "WORKSPACE.bazel")
_NATIVE += (".bazelrc", "flake.nix", "flake.lock")
_JVM: tuple[str, ...] = (
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "gradle.properties",
)
_JVM += ("gradle.lockfile", "libs.versions.toml", "gradlew", "gradlew.bat", "mvnw", "mvnw.cmd", "build.sbt")
_NET: tuple[str, ...] = (
    "*.csproj",
    "*.fsproj",
    "*.vbproj",
    "Directory.Build.props",
    "Directory.Build.targets",
    "nuget.config",
)
_NET += ("Directory.Packages.props", "packages.config", "packages.lock.json")
_OTHERS: tuple[str, ...] = (
    "Gemfile",
    "Gemfile.lock",
    "gems.rb",
    "gems.locked",
    "*.gemspec",
    "extconf.rb",
    "composer.json",
)
_OTHERS += ("composer.lock", "mix.exs", "mix.lock", "rebar.config", "rebar.lock", "pubspec.yaml", "pubspec.lock")
_OTHERS += ("*.cabal", "cabal.project", "stack.yaml", "cpanfile", "Makefile.PL", "Build.PL", "*.rockspec", "renv.lock")

#: What names the code of others that is fetched, or runs while something is installed.
MANIFESTS: tuple[Place, ...] = (
    *_folders(".yarn/", ".cargo/", ".bundle/", ".mvn/", "gradle/wrapper/"),
    ((*_PYTHON, *_NODE, *_NATIVE, *_JVM, *_NET, *_OTHERS), None),
)

#: The single names among them: what Windows may call them stands for them.
STEERING_NAMES: tuple[str, ...] = tuple(
    sorted(
        part
        for patterns, _ in PROTECTED
        for pattern in patterns
        for part in pattern.strip("/").split("/")
        if "*" not in part
    )
)
