"""Russian, by the English texts that stand in the code. Terms are those of the lectures."""

# fmt: off
NAME = "Русский"
TEXTS = {
    # --- steps -------------------------------------------------------------------------------------------------------
    "Forward": "Прямой проход",
    "Backward": "Обратный проход",
    "Input {0}": "Вход {0}",
    "Compute {0}: {1}": "Вычисляем {0}: {1}",
    "add": "складываем",
    "subtract": "вычитаем",
    "multiply": "умножаем",
    "divide": "делим",
    "change the sign": "меняем знак",
    "raise to a power": "возводим в степень",
    "square": "возводим в квадрат",
    "take the square root": "извлекаем корень",
    "divide 1 by it": "делим на него единицу",
    "take the absolute value": "берём модуль",
    "take the larger": "берём наибольшее",
    "take the smaller": "берём наименьшее",
    "multiply the matrices": "умножаем матрицы",
    "add up": "суммируем",
    "take the mean": "усредняем",
    "upstream": "сверху (upstream)",
    "local": "локальная",
    "downstream": "вниз (downstream)",
    "Start at {0}": "Начинаем с {0}",
    "From {1} back to {0}": "От {1} назад к {0}",
    "Add up the shares of {0}": "Складываем вклады в градиент по {0}",
    "{0} via {1}": "{0} через {1}",
    "via": "через",
    "{0}, operand {1}": "{0}, операнд {1}",
    "{0} is used {1} times, and each use adds its share":
        "число использований {0}: {1}, и каждое добавляет свой вклад",
    "a change of {0} changes {0} by exactly as much, so the backward pass starts from 1":
        "изменение {0} меняет {0} ровно на столько же, поэтому обратный проход начинается с 1",
    "exactly {0}": "точно {0}",
    "{0} is not defined at these numbers, so its value is nan, not a number":
        "{0} при этих числах не определено, поэтому значение nan, то есть не число",
    "{0} is not defined at these numbers, so it has no derivative there":
        "{0} при этих числах не определено, поэтому производной там нет",
    "The computational graph of {0}": "Вычислительный граф {0}",
    "steps are saved as {0}, not as {1!r}: choose one":
        "шаги сохраняются как {0}, а не как {1!r}: выберите одно из них",
    "{0} is a number of decimals from 0 to 17, not {1!r}":
        "{0} — число знаков после точки от 0 до 17, а не {1!r}",
    "rounding is for graphs of single numbers, not of arrays: leave it out":
        "округление по ходу вычислений возможно для графов из чисел, а не из массивов: уберите его",
    # --- the player --------------------------------------------------------------------------------------------------
    "Backpropagation, step by step": "Обратное распространение ошибки по шагам",
    "{0}, step by step": "{0} по шагам",
    "smaller": "мельче",
    "the whole graph": "весь граф",
    "this step": "этот шаг",
    "larger": "крупнее",
    "first step": "первый шаг",
    "step back": "шаг назад",
    "play": "пуск",
    "pause": "пауза",
    "next step": "следующий шаг",
    "last step": "последний шаг",
    "step": "шаг",
    "to the backward pass": "к обратному проходу",
    "speed": "скорость",
    "all steps": "все шаги",
    "ask for the result alone": "спрашивать только результат",
    "your answer": "ваш ответ",
    "check": "проверить",
    "show it": "показать",
    "Right.": "Верно.",
    "Not yet.": "Пока нет.",
    "Write a number, such as −0.2 or 12/2.": "Напишите число, например −0,2 или 12/2.",
    "Right as far as it goes: give more digits.": "Пока верно, но нужно больше цифр.",
    "The upstream gradient is the gradient of the node the edge comes back from.":
        "Градиент сверху (upstream) — это градиент того узла, от которого ребро ведёт назад.",
    "The local derivative is that of this one operation by this operand.":
        "Локальная производная — производная одной этой операции по этому операнду.",
    "Look at the sign.": "Проверьте знак.",
    "That is the local derivative alone: multiply it by the upstream gradient.":
        "Это только локальная производная: умножьте её на градиент, пришедший сверху (upstream).",
    "That is the upstream gradient alone: multiply it by the local derivative.":
        "Это только градиент, пришедший сверху (upstream): умножьте его на локальную производную.",
    "That goes to the other operand: take the local derivative by this one.":
        "Это уходит к другому операнду: возьмите локальную производную по этому.",
    "That is one share of several: add them all up.": "Это один вклад из нескольких: сложите их все.",
    "That is the sum of upstream and local: multiply them.":
        "Это сумма upstream и local, а их нужно перемножить.",
    # --- worksheets --------------------------------------------------------------------------------------------------
    "Worksheet: the gradient of {0} by hand": "Задание: градиент {0} вручную",
    "Name: {0}  Date: {1}": "Имя: {0}  Дата: {1}",
    "{0}: the answers": "{0}: ответы",
    "The answers.": "Ответы.",
    "Fill in the lines; their numbers stand in the drawing. On every edge upstream × local = downstream.":
        "Заполните строки; их номера стоят на чертеже. На каждом ребре upstream × local = downstream.",
    "there is no number to leave blank: a worksheet needs a computation":
        "нет числа, которое можно пропустить: для задания нужно вычисление",
    "there is nothing to compute in step {0}: leave another number blank":
        "в шаге {0} нечего вычислять: пропустите другое число",
    "blanks is 'all', 'forward', 'backward', a number, or the indices of steps, not {0!r}":
        "blanks — это 'all', 'forward', 'backward', количество или номера шагов, а не {0!r}",
    "a worksheet is saved as {0}, not as {1!r}: choose one":
        "задание сохраняется как {0}, а не как {1!r}: выберите одно из них",
    # --- drawings ----------------------------------------------------------------------------------------------------
    "value": "значение",
    "gradient": "градиент",
    "node": "узел",
    "made by": "получен как",
    "(given)": "(дано)",
    "on an edge: upstream × local = downstream, and ∂ the local derivative":
        "на ребре: upstream × local = downstream, ∂ — локальная производная",
    "sum of {0}": "сумма, слагаемых: {0}",
    "edges: {0}": "рёбер: {0}",
    "neuron {0}": "нейрон {0}",
    "on an edge into a neuron: × weight, ← what goes back": "на ребре к нейрону: × вес, ← что идёт назад",
    "and {0} more": "и ещё {0}",
    "what is folded opens with depth=: draw(…, depth=9) shows all of it":
        "свёрнутое раскрывает depth=: draw(…, depth=9) покажет всё",
    "nan: not a number; an operation is not defined where it was born":
        "nan — не число: там, где оно возникло, операция не определена",
    "∞: more than any number, as 1/0 is": "∞ больше любого числа, как 1/0",
    "the layout program wrote something that is no layout":
        "программа раскладки написала не раскладку, а что-то другое",
    "leaves: {0}": "листьев: {0}",
    "parameters: {0}": "параметров: {0}",
    "operations: {0}": "операций: {0}",
    "gradients is 'computed', or 'stored' (what .grad of the nodes says), not {0!r}":
        "gradients — это 'computed' или 'stored' (то, что записано в .grad узлов), а не {0!r}",
    "gradients='stored' is for a node of a graph: a Trace has its gradients":
        "gradients='stored' относится к узлу графа: у Trace градиенты уже есть",
    "precision is a number of decimals from 0 to 17, not {0!r}":
        "precision — число знаков после точки от 0 до 17, а не {0!r}",
    "direction is 'auto', 'LR' (left to right) or 'TB' (downward), not {0!r}":
        "direction — это 'auto', 'LR' (слева направо) или 'TB' (сверху вниз), а не {0!r}",
    "show takes {0}, not {1!r}": "show принимает {0}, а не {1!r}",
    "max_nodes is a whole number from 1 on, not {0!r}": "max_nodes — целое число от 1, а не {0!r}",
    "depth is how many levels of scopes stay open, 0 or more, not {0!r}":
        "depth — сколько уровней областей остаются раскрытыми, 0 или больше, а не {0!r}",
    "this drawing would have {0} nodes, more than {1}: allow them with max_nodes={0}, or fold scopes with depth=0 "
    "(give the parts of a computation names with scalargrad.scope)":
        "на этом рисунке было бы узлов: {0}, больше, чем {1}; разрешите их с max_nodes={0} или сверните области с "
        "depth=0 (имена частям вычисления даёт scalargrad.scope)",
    "a drawing is saved as {0}, not as {1!r}": "рисунок сохраняется как {0}, а не как {1!r}",
    "a table is saved as {0}, not as {1!r}": "таблица сохраняется как {0}, а не как {1!r}",
    "cannot write {0}: there is no folder {1}": "нельзя записать {0}: нет папки {1}",
    "theme is {0}, not {1!r}": "theme — это {0}, а не {1!r}",
    "there is no layout engine: install one with `pip install graphviz-pure`, or Graphviz, or name its dot program in "
    "the environment variable {0}":
        "нет программы, которая размещает граф: установите её командой `pip install graphviz-pure`, или Graphviz, или "
        "укажите его программу dot в переменной окружения {0}",
    "the environment variable {0}": "переменная окружения {0}",
    "the installed package graphviz-pure": "установленный пакет graphviz-pure",
    "{0} on the PATH": "{0} в PATH",
    "{0} failed: {1}": "{0} завершилась с ошибкой: {1}",
    "{0} is {1!r}, which is not a program that can be run": "{0} — это {1!r}, но такую программу нельзя запустить",
    "the layout took more than {0} s: draw a smaller graph, or fold it with depth=":
        "размещение заняло больше {0} с: нарисуйте граф поменьше или сверните его с depth=",
    "{0} (from {1}) cannot be run: {2}": "{0} ({1}) не запускается: {2}",
    "it wrote nothing": "она ничего не вывела",
    "{0} writes without end: {1}": "вывод {0} не кончается: {1}",
    "{0} wrote something that is not to be shown as {1} ({2}): {3}":
        "{0} выводит то, что нельзя показать как {1} ({2}): {3}",
    "install another one with `pip install graphviz-pure`, or name it in {0}":
        "установите другую командой `pip install graphviz-pure` или укажите её в {0}",
    "it is not whole": "файл не цел",
    "it is no drawing": "это не рисунок",
    # --- formulas ----------------------------------------------------------------------------------------------------
    "parse: expected a formula as text, not {0} ({1})": "parse: ожидалась формула в виде текста, а не {0} ({1})",
    "its variables are {0}": "её переменные: {0}",
    "the formula has no variable {0}: {1}": "в формуле нет переменной {0}: {1}",
    "; the exponential function is exp(x)": "; экспонента — это exp(x)",
    "the formula needs a value for {0}: give {1}=…{2}": "формуле нужно значение {0}: задайте {1}=…{2}",
    "{0} is given twice: {1} is the same variable": "{0} задано дважды: {1} — та же переменная",
    "{0} is a constant in formulas and takes no value": "{0} в формулах — постоянная, значение ей не задают",
    "there is no function {0}; if it is a variable, write {0}·(…) to multiply":
        "нет функции {0}; если это переменная, для умножения пишите {0}·(…)",
    "there is no function {0}: did you mean {1}?": "нет функции {0}: может быть, {1}?",
    "there is no function {0}: write {1}": "нет функции {0}: пишите {1}",
    "there is no operator between {0} and {1}: to multiply, write {2}":
        "между {0} и {1} нет знака операции: для умножения пишите {2}",
    "there is no number or name after {0}": "после {0} нет числа или имени",
    "there is no number or name before {0}": "перед {0} нет числа или имени",
    "there is no number or name between {0} and {1}": "между {0} и {1} нет числа или имени",
    "the formula is empty": "формула пуста",
    "this {0} is never closed": "эта скобка {0} не закрыта",
    "this {0} closes nothing": "эта скобка {0} ничего не закрывает",
    "this {0} cannot close the {1} before it": "эта скобка {0} не может закрыть {1} перед ней",
    "{0} is a number, not a function: write {0}·(…) to multiply":
        "{0} — число, а не функция: для умножения пишите {0}·(…)",
    "{0} is a variable, not a function: write {0}·(…) to multiply":
        "{0} — переменная, а не функция: для умножения пишите {0}·(…)",
    "{0} is a function: write {0}(…)": "{0} — функция: пишите {0}(…)",
    "a formula has no indexing: write x0 or x₀ for an element of x":
        "в формуле нет индексации: для элемента x пишите x0 или x₀",
    "two powers in a row can be read in two ways: put ( ) around one":
        "две степени подряд можно прочесть двояко: возьмите одну в ( )",
    "square brackets hold a comparison, as in [x > 0]: to group, use ( )":
        "в квадратных скобках стоит сравнение, например [x > 0]: для группировки пишите ( )",
    "brackets, signs and powers are nested more than {0} deep":
        "глубина вложенности скобок, знаков и степеней больше {0}",
    "a comma stands between operands of a function; the decimal sign is a point":
        "запятая стоит между операндами функции; дробная часть отделяется точкой",
    "operands given by name come after the others": "операнды с именами идут после остальных",
    "{0} is given twice": "{0} задано дважды",
    "a formula has no =; a comparison stands in square brackets: [a = b]":
        "в формуле нет знака =; сравнение стоит в квадратных скобках: [a = b]",
    "a comparison stands in square brackets: [a {0} b]": "сравнение стоит в квадратных скобках: [a {0} b]",
    "one comparison to a bracket: write [a < b]·[b < c] for a < b < c":
        "в скобке одно сравнение: вместо a < b < c пишите [a < b]·[b < c]",
    "the formula is too long to be read here": "формула слишком длинна, чтобы прочесть её здесь",
    "the constant that begins here is {0}, not a finite number":
        "постоянная, которая здесь начинается, равна {0}: это не конечное число",
    "the character U+{0:04X}": "знак U+{0:04X}",
    "{0} has no place in a formula{1}": "{0} не может стоять в формуле{1}",
    "it has no attributes, and a point belongs to a number": "атрибутов в ней нет, а точка бывает только в числе",
    "it has no texts in quotes": "текста в кавычках в ней нет",
    "to group, use ( )": "для группировки пишите ( )",
    "it is not LaTeX: write exp(x), a/b, sqrt(x)": "это не LaTeX: пишите exp(x), a/b, sqrt(x)",
    "write the digit {0}": "пишите цифру {0}",
    "write {0}": "пишите {0}",
    "it cannot be seen: delete it": "его не видно: удалите его",
    "write abs(x) for |x|": "вместо |x| пишите abs(x)",
    "write [a ≠ b] for “not equal”": "«не равно» пишется [a ≠ b]",
    "it is one expression, not a statement": "это одно выражение, а не инструкция",
    "a formula has at most {0} characters, not {1}": "в формуле не больше {0} знаков, а не {1}",
    "a formula has at most {0} numbers, names, operators and brackets":
        "в формуле не больше {0} чисел, имён, операций и скобок",
    "only a whole number may be raised: write ^({0}) for any other power":
        "верхним индексом пишется только целое число: для другой степени пишите ^({0})",
    "the number {0} is too large for a float": "число {0} слишком велико",
    "{0} is a word of Python and cannot stand in a formula": "{0} — слово языка Python, в формуле оно стоять не может",
    "{0} takes {1}, not {2} operands": "{0} принимает {1}, число операндов не может быть {2}",
    "{0} takes {1}; it has no operand {2!r}": "{0} принимает {1}; операнда {2!r} у неё нет",
    "{0} takes {1}; {2} is missing": "{0} принимает {1}; не хватает {2}",
    "{0} has no gradient: {1}": "у {0} нет градиента: {1}",
    # --- checking ----------------------------------------------------------------------------------------------------
    "{0} is {1:.10g} by its rule and {2:.10g} by finite differences":
        "{0} по своему правилу равна {1:.10g}, а по конечным разностям {2:.10g}",
    "{0} is {1:.10g} by the graph and {2:.10g} by finite differences":
        "{0} по графу равна {1:.10g}, а по конечным разностям {2:.10g}",
    "on the edge {0} → {1} ({2}), {3}": "на ребре {0} → {1} ({2}) {3}",
    ", {0} at a kink": ", в изломе: {0}",
    ", {0} not finite": ", не конечных: {0}",
    ", though each edge is right: a part of the computation does not go through the graph":
        ", хотя каждое ребро верно: часть вычисления идёт мимо графа",
    "Wrong: {0} of {1} derivatives{2}. The worst: {3}.": "Неверно производных: {0} из {1}{2}. Худшая: {3}.",
    "All right: {0} of {1} derivatives agree{2}. The worst: {3}.":
        "Всё верно: совпало производных {0} из {1}{2}. Наибольшее отличие: {3}.",
    "Nothing compared: of {0} derivatives{1}. The first: {2}.": "Сравнивать нечего: производных {0}{1}. Первая: {2}.",
    "derivative": "производная",
    "rule": "правило",
    "by rule": "по правилу",
    "by difference": "по разности",
    "error": "ошибка",
    "whole graph": "весь граф",
    "ok": "верно",
    "wrong": "неверно",
    "kink": "излом",
    "skipped": "пропущена",
    # --- the command line --------------------------------------------------------------------------------------------
    "Step through backpropagation, number by number.": "Обратное распространение ошибки по шагам, число за числом.",
    "Draw the graph with every value and gradient, or write its trace as JSON.":
        "Нарисовать граф со всеми значениями и градиентами или записать его трассу как JSON.",
    "Tell the computation step by step: forward, then backward.":
        "Рассказать вычисление по шагам: прямой проход, затем обратный.",
    "Compare every gradient with a finite difference; exit with 1 if one is wrong.":
        "Сравнить каждый градиент с конечной разностью; код выхода 1, если какой-то неверен.",
    "Show the sigmoid neuron of the lecture: its values, its gradients, its drawing.":
        "Показать сигмоидный нейрон из лекции: значения, градиенты, рисунок.",
    "Look at the installation; exit with 1 and say what to do if something is broken.":
        "Проверить установку; если что-то сломано, код выхода 1 и совет, что делать.",
    "Measure, side by side in one run: the same as python -m fastpath.bench.":
        "Измерить всё рядом в одном запуске: то же, что python -m fastpath.bench.",
    "what to measure, and options: see bench -- --help": "что измерять, и параметры: см. bench -- --help",
    "List the ops: their formula, their local derivatives, and what they are.":
        "Перечислить операции: формула, локальные производные и что это такое.",
    "Show an example of the lectures: what they say, what is exact, and why the two differ.":
        "Показать пример из лекций: что сказано в лекции, что точно и почему это различается.",
    "COMMAND": "КОМАНДА",
    "commands:": "команды:",
    "examples:": "примеры:",
    "usage:": "вызов:",
    "options": "параметры",
    "what it takes": "что задаётся",
    "begin with: {0}": "начните с: {0}",
    "more about one of them: {0}": "подробнее об одной из них: {0}",
    "show this help and exit": "показать эту справку и выйти",
    "show the version": "показать версию",
    "the language: {0}; {1} chooses it too": "язык: {0}; его выбирает и {1}",
    "this should not have happened: {0} ({1}); please report it":
        "этого не должно было случиться: {0} ({1}); пожалуйста, сообщите об этом",
    "out of memory: the graph is too large for this machine": "не хватает памяти: граф слишком велик для этой машины",
    "there is no command {0!r}: expected one of {1} (see scalargrad --help)":
        "нет команды {0!r}: есть {1} (см. scalargrad --help)",
    "a formula, in quotes: \"tanh(w*x + b)\"": "формула в кавычках: \"tanh(w*x + b)\"",
    "a number for each variable; 1/3 and pi/2 too": "число для каждой переменной; можно и 1/3, и pi/2",
    "the file to write: {0}": "файл, в который записать: {0}",
    "decimals": "знаков после точки",
    "decimals; four significant digits if not given": "знаков после точки; если не задано — четыре значащие цифры",
    "round every number to N decimals before going on, as on the slides":
        "округлять каждое число до N знаков, прежде чем считать дальше, как на слайдах",
    "where data flows: LR, to the right, TB, down, or auto": "куда идут данные: LR, вправо, или TB, вниз",
    "the colours: {0}": "цвета: {0}",
    "which of {0} to show": "что показывать из {0}",
    "draw graphs of up to so many nodes": "рисовать графы, в которых узлов не больше этого",
    "fold scopes nested deeper than this": "свернуть области, вложенные глубже этого",
    "{0} {1}: expected a name that ends in {2}": "{0} {1}: имя должно оканчиваться на {2}",
    "wrote {0}": "записано: {0}",
    "LaTeX, to stand in a document that loads amsmath": "LaTeX для документа с пакетом amsmath",
    "Markdown": "Markdown",
    "the file to write: {0}; of these .html is a page that plays the steps":
        "файл, в который записать: {0}; из них .html — страница, которая проигрывает шаги",
    "write the page that plays the steps": "записать страницу, которая проигрывает шаги",
    "let the page ask for each number first": "пусть страница сначала спрашивает каждое число",
    "write a worksheet and its key: {0}": "записать задание и ответы к нему: {0}",
    "--predict is for the page that plays the steps: add --html steps.html":
        "--predict относится к странице, которая проигрывает шаги: добавьте --html steps.html",
    "1: gradients; 2: second derivatives too": "1: градиенты; 2: и вторые производные",
    "the finite difference": "вид конечной разности",
    "--order is 1 or 2, not {0}": "--order — это 1 или 2, а не {0}",
    "where to write the drawing; sigmoid-neuron.svg": "куда записать рисунок; sigmoid-neuron.svg",
    "show these ops only": "показать только эти операции",
    "did you mean {0}?": "может быть, {0}?",
    "the command ops without a name lists them all": "команда ops без имени перечисляет все",
    "there is no op called {0!r}; {1}": "нет операции {0!r}; {1}",
    "no gradient: {0}": "нет градиента: {0}",
    "in formulas also {0}": "в формулах также {0}",
    "{0}: expected a number such as 0.5, -1e-3 or 1/3": "{0}: ожидалось число, например 0.5, -1e-3 или 1/3",
    "{0}, with a point: {1}={2}": "{0}, с точкой: {1}={2}",
    "{0}, without variables, not {1}": "{0}, без переменных, а не {1}",
    "{0} (see {1} --help)": "{0} (см. {1} --help)",
    "the formula is empty; for example: {0}": "формула пуста; например: {0}",
    "no value is given for {0}; for example: {1}": "не задано значение {0}; например: {1}",
    "expected a number of decimals from 0 to 17, not {0!r}": "ожидалось число знаков от 0 до 17, а не {0!r}",
    "expected a whole number, not {0!r}": "ожидалось целое число, а не {0!r}",
    "expected name=value after the formula, not {0!r}; put a formula in quotes":
        "после формулы ожидалось имя=значение, а не {0!r}; формулу берите в кавычки",
    "{0} is given twice: leave one of them out": "{0} задано дважды: уберите одно из них",
    "it has {0}": "в ней есть {0}",
    "it has none": "переменных в ней нет",
    "{0}: not a variable of the formula, {1}": "{0}: такой переменной в формуле нет, {1}",
    "a value without a name": "значение без имени",
    "--lang is {0}, not {1!r}": "--lang — это {0}, а не {1!r}",
    "{0} or {1}": "{0} или {1}",
    "an example of the lectures; without it all of them are listed":
        "пример из лекций; без имени перечисляются все",
    "draw its graph": "нарисовать его граф",
    "tell its computation step by step": "рассказать его вычисление по шагам",
    "which of its graphs, if it has several": "который из его графов, если их несколько",
    "the file to write: {0}; a drawing {1}; steps {2}":
        "файл, в который записать: {0}; рисунок {1}; шаги {2}",
    "{0} needs the name of an example: scalargrad lecture lists them":
        "{0} требует имени примера: их перечисляет scalargrad lecture",
    "{0} has no effect on the table: add {1}": "{0} не действует на таблицу: добавьте {1}",
    "there is no option {0}; a formula that begins so needs parentheses: ({1})":
        "нет параметра {0}; формуле, которая так начинается, нужны скобки: ({1})",
    "the following arguments are required: {0}": "не хватает аргументов: {0}",
    "argument {0}: expected one argument": "аргумент {0}: после него ожидалось значение",
    "argument {0}: not allowed with argument {1}": "аргумент {0} нельзя задавать вместе с {1}",
    "argument {0}: ignored explicit argument {1}": "аргументу {0} не задают значение {1}",
    "argument {0}: invalid choice: {1} (choose from {2})": "аргумент {0}: нельзя {1} (выберите из {2})",
    "unrecognized arguments: {0}": "лишние аргументы: {0}",
    "argument {0}: {1}": "аргумент {0}: {1}",
    # --- demo --------------------------------------------------------------------------------------------------------
    "The sigmoid neuron L = {0}\nat {1}": "Сигмоидный нейрон L = {0}\nпри {1}",
    "The drawing with all of this: {0}": "Рисунок, на котором всё это есть: {0}",
    "The page that plays the steps: {0}": "Страница, которая проигрывает шаги: {0}",
    "Try next:": "Попробуйте дальше:",
    "Forward: every operation computes its value": "Прямой проход: каждая операция вычисляет своё значение",
    "Backward: from L on, every edge passes on upstream × local = downstream":
        "Обратный проход: от L каждое ребро передаёт дальше upstream × local = downstream",
    "  it starts from dL/dL = {0}": "  он начинается с dL/dL = {0}",
    "  edge        [upstream] × [local] = downstream   6 digits  local derivative":
        "  ребро       [upstream] × [local] = downstream   6 знаков  локальная производная",
    "  (rounded as on the slides; 0.20 × 2.00 gives 0.39 because 0.20 is 0.196612)":
        "  (округлено, как на слайдах; 0.20 × 2.00 даёт 0.39, потому что 0.20 — это 0.196612)",
    "Gradients of L": "Градиенты L",
    "{0} cannot be written here ({1}), so it is put where temporary files go":
        "{0} нельзя записать здесь ({1}), поэтому файл лежит среди временных",
    # --- doctor ------------------------------------------------------------------------------------------------------
    "look": "внимание",
    "drawing": "рисунки",
    "layout engine": "размещение графа",
    "console": "консоль",
    "optional": "по желанию",
    "the installed one is in {0}; another folder comes first in PYTHONPATH or is the current one":
        "установленный лежит в {0}; другая папка стоит раньше в PYTHONPATH или является текущей",
    "package {0}": "пакет {0}",
    "{0}, {1}, from {2}": "{0}, {1}, откуда: {2}",
    "works: two nodes, {0} characters of SVG": "работают: два узла, знаков SVG: {0}",
    "unknown": "неизвестно",
    "colours": "цвета",
    "no colours": "без цветов",
    "pip uninstall {0}, then install this project again": "pip uninstall {0}, затем установите этот проект снова",
    "not installed": "не установлен",
    "pip install --force-reinstall graphviz-pure, or let SCALARGRAD_DOT name a dot program":
        "pip install --force-reinstall graphviz-pure, или укажите программу dot в SCALARGRAD_DOT",
    "{0}, {1}: has not all of {2}, written as {3}": "{0}, {1}: есть не все знаки {2}, пишется {3}",
    "What to do": "Что делать",
    "Something is broken.": "Что-то сломано.",
    "Everything works.": "Всё работает.",
    "none": "ничего",
    "{0}  (not installed, runs from its folder)": "{0}  (не установлен, работает из своей папки)",
    "mend what is wrong above; if nothing is, report this line":
        "исправьте то, что неверно выше; если там всё верно, сообщите эту строку",
    "set PYTHONIOENCODING=utf-8 if the console can show them":
        "задайте PYTHONIOENCODING=utf-8, если консоль может их показать",
    "{0}: another project, {1}, has put its own here": "{0}: другой проект, {1}, положил сюда свой",
    "{0}: not found": "{0}: не найден",
    "install this project again": "установите этот проект снова",
    "{0}: imported from {1}": "{0}: импортируется из {1}",
    "move or rename that folder; ours is in {0}": "переместите или переименуйте ту папку; наша: {0}",
    "{0}: this project's": "{0}: этого проекта",
    # --- the operations ----------------------------------------------------------------------------------------------
    "sum": "сумма",
    "difference": "разность",
    "product": "произведение",
    "quotient": "частное",
    "the opposite number": "противоположное число",
    "power; both the base and the exponent have a derivative, 0 for x^0 at 0":
        "степень; производная есть и по основанию, и по показателю, для x^0 в нуле она 0",
    "one divided by the number": "единица, делённая на число",
    "the number times itself": "число, умноженное на себя",
    "square root": "квадратный корень",
    "absolute value; its derivative at 0 is 0": "модуль; его производная в 0 равна 0",
    "exponential": "экспонента",
    "exp(a) − 1, exact near 0: to 3 ulp": "exp(a) − 1, точно вблизи 0: до 3 ulp",
    "natural logarithm": "натуральный логарифм",
    "log(1 + a), exact near 0: to 3 ulp": "log(1 + a), точно вблизи 0: до 3 ulp",
    "log(exp(a) + exp(b)) without overflow: a smooth maximum; to 5 ulp of the larger, and the rounding of a − b":
        "log(exp(a) + exp(b)) без переполнения: гладкий максимум; до 5 ulp большего операнда и округления a − b",
    "sine, of radians": "синус, в радианах",
    "cosine, of radians": "косинус, в радианах",
    "tangent, of radians": "тангенс, в радианах",
    "inverse tangent, in radians": "арктангенс, в радианах",
    "hyperbolic sine": "гиперболический синус",
    "hyperbolic cosine": "гиперболический косинус",
    "hyperbolic tangent: an activation between −1 and 1": "гиперболический тангенс: активация между −1 и 1",
    "logistic function 1/(1 + exp(−a)): an activation between 0 and 1; to 3 ulp, its derivative to 2 ulp of 1":
        "логистическая функция 1/(1 + exp(−a)): активация между 0 и 1; до 3 ulp, производная до 2 ulp от 1",
    "max(0, a); its derivative at 0 is 0 here (the course's table writes 1)":
        "max(0, a); здесь её производная в 0 равна 0 (в таблице курса написано 1)",
    "a, or slope·a below 0; its derivative at 0 is the slope": "a, а ниже нуля slope·a; производная в 0 равна slope",
    "leaky ReLU whose slope is learned": "leaky ReLU, наклон которой обучается",
    "a, or alpha·(exp(a) − 1) below 0; its derivative at 0 is alpha":
        "a, а ниже нуля alpha·(exp(a) − 1); производная в 0 равна alpha",
    "a·σ(a): a smooth ReLU, slightly negative below 0": "a·σ(a): гладкая ReLU, чуть отрицательная левее 0",
    "log(1 + exp(a)): the smooth ReLU; to 3 ulp": "log(1 + exp(a)): гладкая ReLU; до 3 ulp",
    "a/(1 + |a|): an activation between −1 and 1": "a/(1 + |a|): активация между −1 и 1",
    "step function: 1 from 0 on, else 0; its derivative is 0, at the step too":
        "ступенька: 1 начиная с 0, иначе 0; производная 0, и на самой ступеньке тоже",
    "the larger operand; equal ones share the gradient": "больший операнд; равные делят градиент поровну",
    "the smaller operand; equal ones share the gradient": "меньший операнд; равные делят градиент поровну",
    "a kept between min and max; at a bound the gradient is a's":
        "a, удержанное между min и max; на границе градиент достаётся a",
    "a where the condition is not 0, else b; the gradient goes to the one chosen":
        "a, если условие не 0, иначе b; градиент идёт к выбранному",
    "−1, 0 or 1; its derivative is 0, at the jump too": "−1, 0 или 1; производная 0, и в скачке тоже",
    "1 where a > b, else 0": "1, если a > b, иначе 0",
    "1 where a ≥ b, else 0": "1, если a ≥ b, иначе 0",
    "1 where a < b, else 0": "1, если a < b, иначе 0",
    "1 where a ≤ b, else 0": "1, если a ≤ b, иначе 0",
    "1 where a = b, else 0": "1, если a = b, иначе 0",
    "1 where a ≠ b, else 0": "1, если a ≠ b, иначе 0",
    "binary cross-entropy of the label y and the probability σ(z), from the logit z; to 4 ulp":
        "двоичная кросс-энтропия метки y и вероятности σ(z), из логита z; до 4 ulp",
    "cube root, of negative numbers too": "кубический корень, и из отрицательных чисел",
    "the number itself": "само число",
    "length of the hypotenuse, √(a² + b²), without overflow; its derivatives at 0, 0 are 0":
        "длина гипотенузы √(a² + b²) без переполнения; производные в точке 0, 0 равны 0",
    "what is left of a after taking b whole times, with the sign of b: Python's %":
        "остаток от деления a на b со знаком b: как % в Python",
    "what is left of a after taking b whole times, with the sign of a: C's fmod":
        "остаток от деления a на b со знаком a: как fmod в C",
    "2 to the power of the number": "2 в степени числа",
    "logarithm to the base 2": "логарифм по основанию 2",
    "logarithm to the base 10": "десятичный логарифм",
    "log2(2^a + 2^b) without overflow": "log2(2^a + 2^b) без переполнения",
    "the inverse of the logistic function, log(a/(1 − a))": "обратная к логистической функции, log(a/(1 − a))",
    "a·log(b), 0 for a = 0: the terms of an entropy": "a·log(b), а при a = 0 нуль: слагаемые энтропии",
    "inverse sine, in radians": "арксинус, в радианах",
    "inverse cosine, in radians": "арккосинус, в радианах",
    "the angle of the point (b, a), from −π to π; its derivatives at 0, 0 are 0":
        "полярный угол точки (b, a), от −π до π; производные в точке 0, 0 равны 0",
    "sin(π·a)/(π·a), 1 at 0": "sin(π·a)/(π·a), в нуле 1",
    "an angle in degrees as radians": "градусы в радианы",
    "an angle in radians as degrees": "радианы в градусы",
    "inverse hyperbolic sine": "гиперболический арксинус",
    "inverse hyperbolic cosine": "гиперболический арккосинус",
    "inverse hyperbolic tangent": "гиперболический арктангенс",
    "error function, 2/√π·∫ exp(−t²) dt from 0 to a; to 3 ulp":
        "функция ошибок, 2/√π·∫ exp(−t²) dt от 0 до a; до 3 ulp",
    "1 − erf(a), exact far out: to 4 ulp": "1 − erf(a), точно и далеко от нуля: до 4 ulp",
    "exp(a²)·erfc(a), which never vanishes; to 6 ulp": "exp(a²)·erfc(a), никогда не обращается в нуль; до 6 ulp",
    "standard normal distribution function, the probability below a: norm.cdf of SciPy":
        "функция стандартного нормального распределения, вероятность значений меньше a: norm.cdf в SciPy",
    "log of the standard normal distribution function, exact far out: norm.logcdf of SciPy":
        "логарифм функции стандартного нормального распределения, точный и в хвостах: norm.logcdf в SciPy",
    "the larger operand that is not nan; equal ones share the gradient":
        "больший операнд, не равный nan; равные делят градиент поровну",
    "the smaller operand that is not nan; equal ones share the gradient":
        "меньший операнд, не равный nan; равные делят градиент поровну",
    "the size of a with the sign of b; its derivative by b is 0, at the jump too":
        "модуль a со знаком b; производная по b равна 0, и в скачке тоже",
    "the integer next to it on the side of 0": "число без дробной части: целое, ближайшее к нему со стороны нуля",
    "how many whole times b is in a: Python's //": "сколько целых раз b содержится в a: как // в Python",
    "a, or alpha·(exp(a/alpha) − 1) below 0: without a kink in its value, its second derivative jumps at 0":
        "a, а ниже нуля alpha·(exp(a/alpha) − 1): без излома, но вторая производная в 0 имеет скачок",
    "1.0507·elu(a, 1.67326): keeps mean 0 and variance 1 through layers; its derivative at 0 is 1.7581":
        "1.0507·elu(a, 1.67326): сохраняет от слоя к слою среднее 0 и дисперсию 1; производная в 0 равна 1.7581",
    "a kept between 0 and 6; its derivative at both is 0": "a, удержанное между 0 и 6; производная на обеих границах 0",
    "a kept between min_val and max_val; at a bound the gradient is the bound's":
        "a, удержанное между min_val и max_val; на границе градиент достаётся границе",
    "a above the threshold, else the value; at the threshold the gradient is the value's":
        "a, если оно больше threshold, иначе value; на пороге градиент достаётся value",
    "a moved towards 0 by lambd, 0 between −lambd and lambd; its derivative at both is 0":
        "a, сдвинутое к нулю на lambd, и 0 между −lambd и lambd; производная на обеих границах 0",
    "a, or 0 between −lambd and lambd; its derivative at both is 0":
        "a, а между −lambd и lambd нуль; производная на обеих границах 0",
    "a·Φ(a), exact: a smooth ReLU weighted by the normal distribution; gelu(a, approximate='tanh') is gelu_tanh":
        "a·Φ(a), точно: гладкая ReLU с нормальным распределением; gelu(a, approximate='tanh') — это gelu_tanh",
    "gelu approximated by a·(1 + tanh(√(2/π)·(a + 0.044715·a³)))/2":
        "приближение gelu: a·(1 + tanh(√(2/π)·(a + 0.044715·a³)))/2",
    "a·tanh(softplus(a)): a smooth ReLU, slightly negative below 0":
        "a·tanh(softplus(a)): гладкая ReLU, чуть отрицательная левее 0",
    "log σ(a), exact far out; to 3 ulp": "log σ(a), точно и далеко от нуля; до 3 ulp",
    "what tanh takes off, a − tanh(a)": "то, что отнимает tanh: a − tanh(a)",
    "a/6 + 1/2 kept between 0 and 1; its derivative at −3 and 3 is 0":
        "a/6 + 1/2, удержанное между 0 и 1; производная в −3 и 3 равна 0",
    "a·hardsigmoid(a); its derivative at −3 is 0, at 3 it is 1":
        "a·hardsigmoid(a); производная в −3 равна 0, в 3 равна 1",
    "the nearest integer, halves to even": "ближайшее целое, половины — к чётному",
    "the largest integer not above": "наибольшее целое, не превосходящее числа",
    "the smallest integer not below": "наименьшее целое, не меньшее числа",
    "it is flat between its jumps, so its derivative teaches nothing; round after backward, not before":
        "между скачками она постоянна, поэтому её производная ничему не учит; округляйте после обратного прохода, "
        "а не до",
    "which element is the largest changes in jumps; softmax is its differentiable relative":
        "то, какой элемент наибольший, меняется скачками; его дифференцируемый аналог — softmax",
    "the order changes in jumps; sort passes the gradient to where each element came from":
        "порядок меняется скачками; sort передаёт градиент туда, откуда взят каждый элемент",
    "which element is the smallest changes in jumps; softmax of the negative numbers is its differentiable relative":
        "то, какой элемент наименьший, меняется скачками; его дифференцируемый аналог — softmax противоположных чисел",
    # --- the lectures ------------------------------------------------------------------------------------------------
    "there is no system {0!r} in the lectures: {1}all of them are listed by lectures.names() and by the command "
    "scalargrad lecture":
        "в лекциях нет системы {0!r}: {1}все перечисляют lectures.names() и команда scalargrad lecture",
    "did you mean {0!r}? ": "может быть, {0!r}? ",
    "the lecture multiplies the rounded upstream 0.2 by the local derivative":
        "лекция умножает локальную производную на округлённый верхний градиент 0.2",
    "the lecture writes out the products at w₀ and x₀ only, and this one goes the same way":
        "лекция выписывает произведения только для w₀ и x₀, здесь всё так же",
    "the local derivative of the gate": "локальная производная узла",
    "∂L/∂z gate by gate: ×(−1), exp, +1, 1/x": "∂L/∂z по отдельным узлам: ×(−1), exp, +1, 1/x",
    "The rule of the course: DownStream = Local × Upstream": "Правило курса: DownStream = Local × Upstream",
    "L = (x·y + b)² at x = 3, y = −4, b = 14: on every edge the gradient that flows on is the local derivative "
    "times the gradient that arrives.":
        "L = (x·y + b)² при x = 3, y = −4, b = 14: по каждому ребру дальше идёт локальная производная, умноженная "
        "на пришедший градиент.",
    "The sigmoid neuron, gate by gate": "Нейрон с сигмоидой, узел за узлом",
    "1/(1 + exp(−(w₀x₀ + w₁x₁ + w₂))) at w₀ = 2, x₀ = −1, w₁ = −3, x₁ = −2, w₂ = −3, forward and backward.":
        "1/(1 + exp(−(w₀x₀ + w₁x₁ + w₂))) при w₀ = 2, x₀ = −1, w₁ = −3, x₁ = −2, w₂ = −3: прямой и обратный проход.",
    "The same neuron with one sigmoid gate": "Тот же нейрон с одним узлом-сигмоидой",
    "Four gates of the circuit, ×(−1), exp, +1 and 1/x, together are σ, whose local derivative is (1 − σ)σ.":
        "Четыре узла схемы, ×(−1), exp, +1 и 1/x, вместе составляют σ с локальной производной (1 − σ)σ.",
    "Multiply, with a backward of its own": "Multiply со своим обратным проходом",
    "The lecture's autograd function: forward stashes x and y, backward multiplies them crosswise by the upstream "
    "gradient. Here x = 3, y = −4, and the upstream is 2.5.":
        "Функция из лекции: forward запоминает x и y, backward умножает их крест-накрест на верхний градиент. Здесь "
        "x = 3, y = −4, верхний градиент 2.5.",
    "The sigmoid's backward pass from its output": "Обратный проход сигмоиды через её выход",
    "The layer keeps its output z = σ(x) alone: gradInput = gradOutput·(1 − z)·z.":
        "Слой хранит только свой выход z = σ(x): gradInput = gradOutput·(1 − z)·z.",
    "the formula on two slides": "формула на двух слайдах",
    "w₂ is a bias: the circuit has no x₂": "w₂ — это смещение: входа x₂ в схеме нет",
    "its number": "её значение",
    "the lecture gives the formula only": "в лекции только формула",
    "agrees": "совпадает",
    "rounded on the way": "округлено по ходу",
    "digits cut off": "цифры отброшены",
    "an error": "ошибка",
    "not printed": "не приведено",
    "the lecture does not give its data; on the rebuilt set this follows from λ_max":
        "данных лекция не приводит, на восстановленном наборе это следует из λ_max",
    "η_opt in one dimension, H = ∂²E/∂ω²": "η_opt в одном измерении, H = ∂²E/∂ω²",
    "what the error of the weights grows by in a step of the run": "во сколько раз за шаг запуска растёт ошибка весов",
    "The largest learning rate": "Наибольшая скорость обучения",
    "A linear neuron on set-1, 100 examples of two Gaussians, rebuilt here with means ±(.4, .8) and covariance "
    ".04·I; E = ½·mean (Xw − y)². The graph is one step in one dimension, w − η·∂E/∂w with E = ½λw².":
        "Линейный нейрон на наборе-1, 100 примеров из двух гауссиан; здесь он восстановлен: средние ±(.4, .8), "
        "ковариация .04·I; E = ½·mean (Xw − y)². Граф — один шаг в одном измерении, w − η·∂E/∂w при E = ½λw².",
    "the factor of a step at η = 2.5": "множитель шага при η = 2.5",
    "the lecture shows a run that diverges: |1 − ηλ| > 1, and the minimum is overshot each time":
        "лекция показывает расходящийся запуск: |1 − ηλ| > 1, и каждый шаг перелетает минимум",
    "the batch rate like η = 0.2 after each example": "пакетный шаг, равный η = 0.2 после каждого примера",
    "λ_max when the bias is a weight, too": "λ_max, если считать и смещение весом",
    "the lecture's neuron has a bias, but .84 is the eigenvalue of its two weights":
        "у нейрона в лекции есть смещение, но .84 — собственное значение для двух его весов",
    "the lecture says that a symbolic graph has derivatives, and gives none":
        "лекция говорит, что по символьному графу берутся производные, но не приводит их",
    "the lecture leaves the derivatives to the framework": "производные лекция оставляет фреймворку",
    "Rosenblatt's neuron where Σwx = γ": "нейрон Розенблатта при Σwx = γ",
    "the logic neurons' [Σwx − γ > 0] there": "логические нейроны, [Σwx − γ > 0], там же",
    "A symbolic graph: C = B·A, D = C + 1": "Символьный граф: C = B·A, D = C + 1",
    "The graph is written first and run later, with A = ones(10) and B = 2·ones(10); NumPy computes the same at "
    "once.":
        "Сначала задаётся граф, затем он исполняется с A = ones(10) и B = 2·ones(10); NumPy считает то же сразу.",
    "root(exp(mul(x₃, add(x₁, x₂))))": "root(exp(mul(x₃, add(x₁, x₂))))",
    "The graph that shows what a framework does; root is the square root. Here at x₁ = 1, x₂ = 2, x₃ = 0.5.":
        "Граф, на котором показано, что делает фреймворк; root — квадратный корень. Здесь x₁ = 1, x₂ = 2, x₃ = 0.5.",
    "Neurons that compute AND, OR, NOT, XOR": "Нейроны, вычисляющие И, ИЛИ, НЕ, XOR",
    "A threshold neuron [w₁x₁ + w₂x₂ + b > 0] on all rows of a truth table. XOR takes the product x₁x₂ as one more "
    "feature, or two layers (XOR-2).":
        "Пороговый нейрон [w₁x₁ + w₂x₂ + b > 0] на всех строках таблицы истинности. Для XOR нужен ещё признак x₁x₂ "
        "или два слоя (XOR-2).",
    "Two linear layers are one": "Два линейных слоя — это один",
    "y = w₁h₁ + w₂h₂ with h₁ = w₁₁ + w₂₁x and h₂ = w₁₂ + w₂₂x is the line γ₁ + γ₂x.":
        "y = w₁h₁ + w₂h₂, где h₁ = w₁₁ + w₂₁x и h₂ = w₁₂ + w₂₂x, — это прямая γ₁ + γ₂x.",
    "d, ten numbers": "d, десять чисел",
    "c = b·a on the way to it": "c = b·a по пути к нему",
    "γ₁, from the product of the matrices": "γ₁ из произведения матриц",
    "γ₂, from the product of the matrices": "γ₂ из произведения матриц",
    "γ₂ as the derivative ∂y/∂x": "γ₂ как производная ∂y/∂x",
    "how many of XOR's four rows the best single neuron has right":
        "сколько строк XOR из четырёх верны у лучшего одиночного нейрона",
    "the lecture says that one neuron is not enough, and gives no number":
        "лекция говорит, что одного нейрона мало, но числа не приводит",
    "the lecture gives the table only; of the pairs of a 1 and a 0 a tie counts ½":
        "в лекции только таблица; среди пар из 1 и 0 ничья считается за ½",
    "The area under the ROC curve": "Площадь под ROC-кривой",
    "Scores .6 .5 .3 .2 .2 .1 .0 of examples whose classes are 1 0 1 0 1 0 0.":
        "Оценки .6 .5 .3 .2 .2 .1 .0 для примеров классов 1 0 1 0 1 0 0.",
    "Precision, micro and macro averaged": "Точность (precision): микро- и макроусреднение",
    "Three classes with TP = 20, 0, 19 and FP = 5, 1, 0. Micro averages the counts first, macro the ratios.":
        "Три класса: TP = 20, 0, 19 и FP = 5, 1, 0. Микро сначала усредняет числа, макро — сами отношения.",
    "the false positive rates of the curve's points": "доли ложных срабатываний в точках кривой",
    "the true positive rates there": "доли верных срабатываний там же",
    "micro, as a formula": "микро, формулой",
    "micro": "микро",
    "macro, as a formula": "макро, формулой",
    "macro": "макро",
    "precision of each class": "точность каждого класса",
    "σ(10) is cut to .99, as if the network were wrong once in a hundred and not once in 22 000 times":
        "σ(10) обрезано до .99, будто сеть ошибается раз на сто, а не раз на 22 000",
    "−ln .99 is the loss of a p that was cut off; the right loss is some 200 times smaller":
        "−ln .99 — потеря при обрезанном p, верная потеря примерно в 200 раз меньше",
    "σ(−1) is cut to .26, and .74 is 1 − .26": "σ(−1) обрезано до .26, а .74 — это 1 − .26",
    "the lecture takes ln of 1 − .26": "лекция берёт ln от 1 − .26",
    "the lecture asks what a label of y = .8 means: the least loss is not 0 but the label's entropy":
        "лекция спрашивает, что значит метка y = .8: минимум потерь не 0, а энтропия метки",
    "the lecture takes ln of the rounded probability": "лекция берёт ln от округлённой вероятности",
    "Log loss of two classes": "Logloss для двух классов",
    "Two examples: t = 10 of class 1, t = −1 of class 0; p = σ(t), and the loss is −ln of the right class's "
    "probability.":
        "Два примера: t = 10 класса 1 и t = −1 класса 0; p = σ(t), потеря — это −ln вероятности верного класса.",
    "Softmax of three classes and its loss": "Softmax для трёх классов и его функция потерь",
    "Three examples; the right classes are the first, the third and the second.":
        "Три примера; верные классы — первый, третий и второй.",
    "The Jacobian of softmax": "Якобиан softmax",
    "All nine derivatives at z = (5, 4, 2).": "Все девять производных в точке z = (5, 4, 2).",
    "The gradient of softmax with cross-entropy: p − y": "Градиент softmax с кросс-энтропией: p − y",
    "CE = −Σ yᵢ ln pᵢ with p = softmax(z) and one right class, on the examples of lecture 002.":
        "CE = −Σ yᵢ ln pᵢ, где p = softmax(z) и верный класс один, на примерах из лекции 002.",
    "The gradient of BCE behind a sigmoid: σ(z) − y": "Градиент BCE после сигмоиды: σ(z) − y",
    "BCE = −[(1 − y) ln(1 − p) + y ln p] with p = σ(z); the label may be soft, such as y = .8.":
        "BCE = −[(1 − y) ln(1 − p) + y ln p], где p = σ(z); метка может быть мягкой, например y = .8.",
    "probabilities add up to 1, and rounded ones need not": "вероятности в сумме дают 1, округлённые — не обязательно",
    "their sum": "их сумма",
    "the sum of the three losses": "сумма трёх потерь",
    "the lecture's loss is a sum, but not added up": "функция потерь — сумма, но итог в лекции не подсчитан",
    "the sums of the rows": "суммы строк",
    "the lecture does not say it: the shares always add up to 1": "в лекции этого нет: сумма долей всегда 1",
    "the term of k = i": "слагаемое при k = i",
    "the slide writes pᵢ where it must be pₖ": "на слайде pᵢ, а должно быть pₖ",
    "the same, put right": "то же, исправлено",
    "BCE at z = .5, y = .8": "BCE при z = .5, y = .8",
    "the least BCE of y = .8, at σ = .8": "минимум BCE для y = .8, при σ = .8",
    "∂BCE/∂z there": "∂BCE/∂z там же",
    "the term of k ≠ i": "слагаемое при k ≠ i",
    "the lecture goes on from the hidden values rounded to .13, .96, .40":
        "лекция продолжает с округлёнными значениями скрытого слоя .13, .96, .40",
    "the lecture puts in .13 and .35, which are rounded": "лекция подставляет округлённые .13 и .35",
    "the lecture stops at the output layer; the same rule goes on":
        "лекция останавливается на выходном слое, дальше действует то же правило",
    "The network 3-3-2: its prediction": "Сеть 3-3-2: вычисление прогноза",
    "Inputs (.5, .9, −.3), three sigmoid neurons, two sigmoid outputs, no bias.":
        "Вход (.5, .9, −.3), три нейрона с сигмоидой, два выхода с сигмоидой, без смещений.",
    "The network 3-3-2: backpropagation": "Сеть 3-3-2: обратное распространение ошибки",
    "The target of O1 is T = .9. The lecture's formula is the derivative of E = ½(O − T)².":
        "Целевое значение для O1: T = .9. Формула лекции — производная от E = ½(O − T)².",
    "O₁ from the rounded hidden values": "O₁ из округлённых значений скрытого слоя",
    "the hidden layer as S(W·x)": "скрытый слой как S(W·x)",
    "the outputs, by matrices and node by node": "выходы: матрицами и узел за узлом",
    "∂E/∂w of O1's three weights": "∂E/∂w трёх весов O1",
    "∂E/∂w of the first of them": "∂E/∂w первого из них",
    "PyTorch adds ε to the root, the lecture under it: no digit here shows it":
        "PyTorch прибавляет ε к корню, лекция — под корнем: на этих цифрах разницы не видно",
    "PyTorch keeps the velocity instead of the last step, which is the same while α does not change":
        "PyTorch хранит скорость, а не последний шаг; пока α не меняется, это одно и то же",
    "PyTorch's x is the lecture's x + βv": "x в PyTorch — это x + βv лекции",
    "G begins at 0, so the first step is α/√(1 − γ)": "G начинается с 0, поэтому первый шаг равен α/√(1 − γ)",
    "PyTorch corrects v and G for having begun at 0, the lecture does not":
        "PyTorch поправляет v и G на то, что они начинаются с 0, лекция — нет",
    "v and G begin at 0, so the first step is α·(1 − β₁)/√(1 − β₂)":
        "v и G начинаются с 0, поэтому первый шаг равен α·(1 − β₁)/√(1 − β₂)",
    "the first step, in units of α": "первый шаг, в единицах α",
    "Momentum": "Momentum (момент)",
    "Nesterov momentum": "Nesterov momentum (момент Нестерова)",
    "Adagrad": "Adagrad",
    "RMSProp": "RMSProp",
    "Adam": "Adam",
    "x₁ to x₄ in PyTorch's variant": "x₁…x₄ в варианте PyTorch",
    "computed so: {0}": "если считать так: {0}",
    "lecture {0}": "лекция {0}",
    "what": "что",
    "lecture says": "в лекции",
    "exact": "точно",
    "why they differ": "почему различаются",
    "{0} is a table without a computational graph: read its numbers with text()":
        "{0} — таблица, вычислительного графа у неё нет: числа показывает text()",
    "{0} has no output {1!r}: choose one of {2}": "у {0} нет выхода {1!r}: выберите один из {2}",
    "grad_{0} of the product that is built in": "grad_{0} встроенного произведения",
    "gradInput at x = {0:g}, gradOutput = {1}": "gradInput при x = {0:g}, gradOutput = {1}",
    "{0}, its truth table": "{0}, таблица истинности",
    "{0} as a neuron": "{0} нейроном",
    "pairs in the right order, of {0}": "верно упорядоченных пар из {0}",
    "∂BCE/∂z at z = {0:g}, y = {1:g}": "∂BCE/∂z при z = {0:g}, y = {1:g}",
    "{0}. On f = x² from x₀ = 1 with {1}; the graph is the second step.":
        "{0}. На f = x² от x₀ = 1, {1}; граф — второй шаг.",
}
"""The Russian text for each English one. Both have the same places for what is put in."""
