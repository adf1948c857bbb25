"""All collections and aliases of a server, in one folder."""

import json
import os
import pathlib
import re
import shutil

from .collection import Collection, folder_of
from .errors import Refusal, bad_input, exists_already, no_collection, not_found

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class Storage:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        (self.root / "collections").mkdir(parents=True, exist_ok=True)
        self.aliases_file = self.root / "aliases.json"
        self.aliases = json.loads(self.aliases_file.read_text()) if self.aliases_file.exists() else {}
        self.collections = {}
        for folder in sorted((self.root / "collections").iterdir()):
            # Without the file it was killed while it made the collection.
            if (folder / "config.json").exists():
                self.collections[folder.name] = Collection.open(folder)
            else:
                shutil.rmtree(folder)

    def close(self):
        for collection in self.collections.values():
            collection.close()

    def find(self, name):
        """The collection of a name or an alias."""
        found = self.collections.get(self.aliases.get(name, name))
        if found is None:
            raise no_collection(name)
        return found

    def has(self, name):
        return self.aliases.get(name, name) in self.collections

    def create(self, name, body):
        if not 1 <= len(name) <= 255 or name in (".", "..") or FORBIDDEN.search(name):
            raise Refusal(422, f"Validation error in path: [name: collection name cannot be `{name}`]")
        if name in self.collections:
            raise exists_already(f"Collection `{name}` already exists!")
        if name in self.aliases:
            raise bad_input(f"Can't create collection with name {name}. Alias with the same name already exists")
        self.collections[name] = Collection.create(folder_of(self.root, name), body)

    def adopt(self, name):
        """Opens a collection whose folder was put there."""
        self.collections[name] = Collection.open(folder_of(self.root, name))
        return self.collections[name]

    def delete(self, name):
        """Says whether there was one; its aliases go with it."""
        collection = self.collections.pop(name, None)
        if collection is None:
            return False
        collection.delete()
        self.aliases = {alias: target for alias, target in self.aliases.items() if target != name}
        self.save_aliases()
        return True

    def change_aliases(self, actions):
        """One after the other: what was done before one that fails stays done, as on the real server."""
        for action in actions:
            ((verb, words),) = action.items()
            getattr(self, verb)(**words)
            self.save_aliases()

    def create_alias(self, collection_name, alias_name):
        if collection_name not in self.collections:
            raise no_collection(collection_name)
        if alias_name in self.collections:
            raise exists_already(f"Collection `{alias_name}` already exists!")
        self.aliases[alias_name] = collection_name

    def delete_alias(self, alias_name):
        self.aliases.pop(alias_name, None)

    def rename_alias(self, old_alias_name, new_alias_name):
        if old_alias_name not in self.aliases:
            raise not_found(f"Alias {old_alias_name} does not exists!")
        if new_alias_name in self.collections:
            raise exists_already(f"Collection `{new_alias_name}` already exists!")
        self.aliases[new_alias_name] = self.aliases.pop(old_alias_name)

    def save_aliases(self):
        new = self.aliases_file.with_suffix(".new")
        new.write_text(json.dumps(self.aliases))
        os.replace(new, self.aliases_file)
