# The front door: read by type checkers, and by `__init__.py` to load each module only when it is asked for.
from . import measures as measures
from . import report as report
from . import statistics as statistics
from .judge.assess import assess as assess
from .judge.assessment import save_assessment as save_assessment
from .judge.check import check_audit as check_audit
from .judge.figures import figures as figures
from .judge.rules import flag as flag
from .judge.rules import read_rules as read_rules
from .measures.duplication import same_platform_groups as same_platform_groups
from .measures.duplication import units_by_accounts as units_by_accounts
from .measures.engagement_indices import engagement as engagement
from .measures.interaction import replies as replies
from .measures.lookalikes.groups import lookalike_groups as lookalike_groups
from .measures.updates.account_days import account_days as account_days
from .measures.updates.status import silences as silences
from .measures.updates.status import update_status as update_status
from .proofread.statements import verify_text as verify_text
from .proofread.verifying import verify_file as verify_file
from .read.audit import read_audit as read_audit
from .read.audit import read_posts as read_posts
from .read.importers.import_files import import_files as import_files
from .read.ledger.read_ledger import read_accounts as read_accounts
from .report import charts as charts
from .run.batch import make_batch as make_batch
from .run.bulletin import make_bulletin as make_bulletin

__version__: str
