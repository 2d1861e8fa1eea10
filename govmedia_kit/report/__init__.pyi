# What `gk.report` offers: read by type checkers, and by `__init__.py` to load each module only when it is asked for.
from . import charts as charts
from .annexes import all_annexes as all_annexes
from .annexes import figure_index as figure_index
from .chapters import annex_list as annex_list
from .chapters import duplication_chapter as duplication_chapter
from .chapters import interaction_chapter as interaction_chapter
from .chapters import opening as opening
from .chapters import overall as overall
from .chapters import requirements as requirements
from .chapters import updates_chapter as updates_chapter
from .method import analysis as analysis
from .method import method_note as method_note
